# The video side: the generated world, annotations to samples, videos to features.


rule make_kitchen:
    input:
        unpack(step.inputs("make_kitchen")),
    output:
        part=f"{R}/{{dataset}}/world/{{part}}/manifest.json",
    params:
        spec=step.spec("make_kitchen"),
    resources:
        step=step.file("make_kitchen"),
    threads: step.threads("make_kitchen")
    log:
        f"{LOGS}/{{dataset}}/world/{{part}}.log",
    benchmark:
        f"{TIMES}/{{dataset}}/world/{{part}}.tsv"
    shell:
        run_line("make_kitchen")


rule read_annotations:
    input:
        unpack(step.inputs("read_annotations")),
    output:
        segments=f"{R}/{{dataset}}/segments.parquet",
        classes=f"{R}/{{dataset}}/classes.json",
        issues=f"{R}/{{dataset}}/issues/read_annotations.parquet",
    params:
        spec=step.spec("read_annotations"),
    resources:
        step=step.file("read_annotations"),
    threads: step.threads("read_annotations")
    log:
        f"{LOGS}/{{dataset}}/segments.log",
    benchmark:
        f"{TIMES}/{{dataset}}/segments.tsv"
    shell:
        run_line("read_annotations")


rule make_samples:
    input:
        unpack(step.inputs("make_samples")),
    output:
        samples=f"{R}/{{dataset}}/samples/{{task}}.parquet",
    params:
        spec=step.spec("make_samples"),
    resources:
        step=step.file("make_samples"),
    threads: step.threads("make_samples")
    log:
        f"{LOGS}/{{dataset}}/samples/{{task}}.log",
    benchmark:
        f"{TIMES}/{{dataset}}/samples/{{task}}.tsv"
    shell:
        run_line("make_samples")


rule probe_videos:
    input:
        unpack(step.inputs("probe_videos")),
    output:
        videos=f"{R}/{{dataset}}/videos.parquet",
        issues=f"{R}/{{dataset}}/issues/probe_videos.parquet",
    params:
        spec=step.spec("probe_videos"),
    resources:
        step=step.file("probe_videos"),
    threads: step.threads("probe_videos")
    log:
        f"{LOGS}/{{dataset}}/videos.log",
    benchmark:
        f"{TIMES}/{{dataset}}/videos.tsv"
    shell:
        run_line("probe_videos")


rule train_backbone:
    input:
        unpack(step.inputs("train_backbone")),
    output:
        checkpoint=f"{R}/{{dataset}}/backbones/{{backbone}}/checkpoint/manifest.json",
        metrics=f"{R}/{{dataset}}/backbones/{{backbone}}/metrics.json",
        log=f"{R}/{{dataset}}/backbones/{{backbone}}/log.jsonl",
    params:
        spec=step.spec("train_backbone"),
    resources:
        step=step.file("train_backbone"),
        gpu=step.processes("train_backbone"),
    threads: step.threads("train_backbone")
    log:
        f"{LOGS}/{{dataset}}/backbones/{{backbone}}/checkpoint.log",
    benchmark:
        f"{TIMES}/{{dataset}}/backbones/{{backbone}}/checkpoint.tsv"
    shell:
        run_line("train_backbone")


rule extract_features:
    input:
        unpack(step.inputs("extract_features")),
    output:
        features=f"{R}/{{dataset}}/features/{{backbone}}/{{shard}}.h5",
        issues=f"{R}/{{dataset}}/issues/extract_features-{{backbone}}-{{shard}}.parquet",
    params:
        spec=step.spec("extract_features"),
    resources:
        step=step.file("extract_features"),
    threads: step.threads("extract_features")
    log:
        f"{LOGS}/{{dataset}}/features/{{backbone}}/{{shard}}.log",
    benchmark:
        f"{TIMES}/{{dataset}}/features/{{backbone}}/{{shard}}.tsv"
    shell:
        run_line("extract_features")


rule gather_issues:
    input:
        unpack(step.inputs("gather_issues")),
    output:
        issues=f"{R}/{{dataset}}/issues.parquet",
    params:
        spec=step.spec("gather_issues"),
    resources:
        step=step.file("gather_issues"),
    threads: step.threads("gather_issues")
    log:
        f"{LOGS}/{{dataset}}/issues.log",
    benchmark:
        f"{TIMES}/{{dataset}}/issues.tsv"
    shell:
        run_line("gather_issues")
