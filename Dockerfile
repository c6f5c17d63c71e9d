# The main environment, as an image for clusters that run containers (docs/cluster.md): docker build -t foretaste .
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /foretaste
COPY Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY envs envs
COPY src src
RUN make setup && .venv/bin/pip install --quiet --no-cache-dir --no-deps --requirement envs/slurm.lock

COPY Snakefile config.yaml ./
COPY profiles profiles
COPY workflow workflow

ENV PATH=/foretaste/.venv/bin:$PATH \
    HF_HUB_OFFLINE=1 \
    OMP_WAIT_POLICY=passive
CMD ["foretaste", "help"]
