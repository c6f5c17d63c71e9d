# One page about a system: the table of arms, intervals, curves, filmstrips.


rule report:
    input:
        unpack(step.inputs("report")),
    output:
        summary=f"{R}/{{dataset}}/{{system}}{{scope}}/summary.json",
        report=f"{R}/{{dataset}}/{{system}}{{scope}}/report.html",
    params:
        spec=step.spec("report"),
    resources:
        step=step.file("report"),
    threads: step.threads("report")
    log:
        f"{LOGS}/{{dataset}}/{{system}}{{scope}}/report.log",
    benchmark:
        f"{TIMES}/{{dataset}}/{{system}}{{scope}}/report.tsv"
    shell:
        run_line("report")
