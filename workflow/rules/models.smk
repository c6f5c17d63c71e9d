# Teachers and students: trained, scored on every split, evaluated.


rule train:
    input:
        unpack(step.inputs("train")),
    output:
        checkpoint=f"{R}/{MODEL}/checkpoint/manifest.json",
        log=f"{R}/{MODEL}/log.jsonl",
        config=f"{R}/{MODEL}/config.yaml",
    params:
        spec=step.spec("train"),
    resources:
        step=step.file("train"),
        gpu=step.processes("train"),
    threads: step.threads("train")
    log:
        f"{LOGS}/{MODEL}/checkpoint.log",
    benchmark:
        f"{TIMES}/{MODEL}/checkpoint.tsv"
    shell:
        run_line("train")


rule score:
    input:
        unpack(step.inputs("score")),
    output:
        scores=f"{R}/{MODEL}/scores/manifest.json",
    wildcard_constraints:
        model="(?!(" + "|".join(catalogue.average_models) + ")/)[a-z0-9_]+",
    params:
        spec=step.spec("score"),
    resources:
        step=step.file("score"),
        gpu=step.processes("score"),
    threads: step.threads("score")
    log:
        f"{LOGS}/{MODEL}/scores.log",
    benchmark:
        f"{TIMES}/{MODEL}/scores.tsv"
    shell:
        run_line("score")


# A model that is the mean of others' scores is made by this rule and not by train and score.
rule average:
    input:
        unpack(step.inputs("average")),
    output:
        scores=f"{R}/{MODEL}/scores/manifest.json",
    wildcard_constraints:
        model="|".join(catalogue.average_models) or "(?!)",
    params:
        spec=step.spec("average"),
    resources:
        step=step.file("average"),
    threads: step.threads("average")
    log:
        f"{LOGS}/{MODEL}/scores.log",
    benchmark:
        f"{TIMES}/{MODEL}/scores.tsv"
    shell:
        run_line("average")


rule evaluate:
    input:
        unpack(step.inputs("evaluate")),
    output:
        metrics=f"{R}/{MODEL}/metrics.json",
    params:
        spec=step.spec("evaluate"),
    resources:
        step=step.file("evaluate"),
    threads: step.threads("evaluate")
    log:
        f"{LOGS}/{MODEL}/metrics.log",
    benchmark:
        f"{TIMES}/{MODEL}/metrics.tsv"
    shell:
        run_line("evaluate")
