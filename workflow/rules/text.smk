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
        extractions=f"{R}/text/{{corpus}}/shards/{{shard}}.parquet",
        issues=f"{R}/text/{{corpus}}/issues/extract_openie-{{shard}}.parquet",
    params:
        spec=step.spec("extract_openie"),
    resources:
        step=step.file("extract_openie"),
    threads: step.threads("extract_openie")
    log:
        f"{LOGS}/text/{{corpus}}/shards/{{shard}}.log",
    benchmark:
        f"{TIMES}/text/{{corpus}}/shards/{{shard}}.tsv"
    shell:
        run_line("extract_openie")


rule make_phrases:
    input:
        unpack(step.inputs("make_phrases")),
    output:
        phrases=f"{R}/text/{{corpus}}/phrases.parquet",
        extractions=f"{R}/text/{{corpus}}/extractions.parquet",
    params:
        spec=step.spec("make_phrases"),
    resources:
        step=step.file("make_phrases"),
    threads: step.threads("make_phrases")
    log:
        f"{LOGS}/text/{{corpus}}/phrases.log",
    benchmark:
        f"{TIMES}/text/{{corpus}}/phrases.tsv"
    shell:
        run_line("make_phrases")


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
    threads: step.threads("pretrain")
    # The longest chain of a run begins here: it goes before what can wait.
    priority: 10
    log:
        f"{LOGS}/lm/{{corpus}}/{{lm}}/checkpoint.log",
    benchmark:
        f"{TIMES}/lm/{{corpus}}/{{lm}}/checkpoint.tsv"
    shell:
        run_line("pretrain")
