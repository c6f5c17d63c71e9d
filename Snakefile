# foretaste: from recipes and videos to distilled students. `snakemake -n` says what would run; `foretaste --help` explains the stages.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/text.smk"
include: "workflow/rules/video.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/report.smk"


# The systems of config.yaml on its dataset, with their report.
rule all:
    default_target: True
    input:
        targets.reports(run.dataset, catalogue.systems),


# The generated kitchen, world 0, seed 0: every stage once.
rule demo:
    input:
        targets.reports("kitchen", ["lm_avt_demo"]),


# Worlds 0 to 4, several seeds, pooled.
rule demo_worlds:
    input:
        targets.reports("kitchen_worlds", ["lm_avt_study"]),


# The text half alone: recipes, language models, text teachers, their metrics. Needs no video.
rule teachers:
    input:
        targets.reports(run.dataset, catalogue.systems, "teachers"),


# Features of every backbone that the systems use.
rule features:
    input:
        targets.features(run.dataset, catalogue.systems),
        f"{run.results_root}/{run.dataset}/issues.parquet",


# One target a system, and one with all its seeds.
for name in catalogue.files.names("systems"):

    rule:
        name: name
        input: targets.reports(run.dataset, [name])

    rule:
        name: f"{name}_seeds"
        input: targets.reports(run.dataset, [name], "seeds")
