# The language side: recipes to sentences, extractions, phrases, and a language model pretrained on them.


rule read_recipes:
    input:
        unpack(step.inputs("read_recipes")),
    output:
        sentences=f"{R}/text/{{corpus}}/sentences.parquet",
        issues=f"{R}/text/{{corpus}}/issues.parquet",
    params:
        spec=step.spec("read_recipes"),
    resources:
        step=step.file("read_recipes"),
    threads: step.threads("read_recipes")
    log:
        f"{LOGS}/text/{{corpus}}/sentences.log",
    benchmark:
        f"{TIMES}/text/{{corpus}}/sentences.tsv"
    shell:
        run_line("read_recipes")


rule extract_openie:
    input:
        unpack(step.inputs("extract_openie")),
    output:
        extractions=f"{R}/text/{{text}}/shards/{{shard}}.parquet",
        issues=f"{R}/text/{{text}}/issues/extract_openie-{{shard}}.parquet",
    params:
        spec=step.spec("extract_openie"),
    resources:
        step=step.file("extract_openie"),
    threads: step.threads("extract_openie")
    log:
        f"{LOGS}/text/{{text}}/shards/{{shard}}.log",
    benchmark:
        f"{TIMES}/text/{{text}}/shards/{{shard}}.tsv"
    shell:
        run_line("extract_openie")


rule make_phrases:
    input:
        unpack(step.inputs("make_phrases")),
    output:
        phrases=f"{R}/text/{{text}}/phrases.parquet",
        extractions=f"{R}/text/{{text}}/extractions.parquet",
    params:
        spec=step.spec("make_phrases"),
    resources:
        step=step.file("make_phrases"),
    threads: step.threads("make_phrases")
    log:
        f"{LOGS}/text/{{text}}/phrases.log",
    benchmark:
        f"{TIMES}/text/{{text}}/phrases.tsv"
    shell:
        run_line("make_phrases")


# The only job that may use the network, so it runs where the workflow does and never on a cluster's node.
rule fetch_weights:
    localrule: True
    input:
        unpack(step.inputs("fetch_weights")),
    output:
        weights=f"{R}/weights/{{weights}}/manifest.json",
    params:
        spec=step.spec("fetch_weights"),
    resources:
        step=step.file("fetch_weights"),
    threads: step.threads("fetch_weights")
    log:
        f"{LOGS}/weights/{{weights}}.log",
    benchmark:
        f"{TIMES}/weights/{{weights}}.tsv"
    shell:
        run_line("fetch_weights")


rule pretrain:
    input:
        unpack(step.inputs("pretrain")),
    output:
        checkpoint=f"{R}/lm/{{corpus}}/{{lm}}/checkpoint/manifest.json",
        metrics=f"{R}/lm/{{corpus}}/{{lm}}/metrics.json",
    params:
        spec=step.spec("pretrain"),
    resources:
        step=step.file("pretrain"),
        gpu=step.processes("pretrain"),
    threads: step.threads("pretrain")
    # The longest chain of a run begins here: it goes before what can wait.
    priority: 10
    log:
        f"{LOGS}/lm/{{corpus}}/{{lm}}/checkpoint.log",
    benchmark:
        f"{TIMES}/lm/{{corpus}}/{{lm}}/checkpoint.tsv"
    shell:
        run_line("pretrain")


# Named target: the language models that the systems start from, the one part that may need internet.
rule weights:
    input:
        targets.weights(run.dataset, catalogue.systems),
