# docker build -t bert-demo . && docker run --rm -p 7860:7860 bert-demo
# Without a GPU: --build-arg TORCH_INDEX=<the address of PyTorch's CPU wheels> saves gigabytes of CUDA packages.
# Read-only: docker run --rm --read-only --tmpfs /dev/shm -v bert-demo:/cache -p 7860:7860 bert-demo
FROM python:3.11-slim

ARG TORCH_INDEX=
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# The user that Docker Spaces run as, and the one directory that it writes to.
RUN useradd --create-home --uid 1000 user && mkdir /cache && chown 1000:1000 /cache

WORKDIR /demo
COPY requirements.lock ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.lock

COPY app.py README.md LICENSE ./
COPY assets assets
COPY bert_demo bert_demo

USER 1000
ENV BERT_DEMO_HOST=0.0.0.0 BERT_DEMO_PORT=7860 BERT_DEMO_CACHE_DIR=/cache
VOLUME ["/cache"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:%s/healthz' % os.environ['BERT_DEMO_PORT'], timeout=4)"]
CMD ["python", "app.py"]
