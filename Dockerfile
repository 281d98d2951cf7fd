# syntax=docker/dockerfile:1
# One image for every Airflow part, the portal and the preparing job: the locked environment and the code.

FROM python:3.12.11-slim-bookworm AS environment
# The same release as in the Makefile.
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.8
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/requirements.lock
RUN uv pip install --no-cache --python /opt/venv/bin/python \
      --require-hashes --compile-bytecode -r /tmp/requirements.lock

FROM python:3.12.11-slim-bookworm
# The user has the number of the SFTP server's, so that both may move files in the drop folder.
RUN groupadd --gid 1000 union \
 && useradd --uid 1000 --gid union --no-create-home --home-dir /var/lib/union-reports \
      --shell /usr/sbin/nologin union \
 && install -d -o union -g union -m 0750 /var/lib/union-reports /var/lib/union-reports/drop \
      /var/lib/union-reports/airflow /var/lib/union-reports/objects \
      /var/lib/union-reports/objects/reports
COPY --from=environment /opt/venv /opt/venv
WORKDIR /opt/union-reports
COPY definitions definitions
COPY expectations expectations
COPY warehouse warehouse
COPY sql sql
COPY pipelines pipelines
COPY portal portal
COPY running running
COPY dags dags
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/union-reports \
    PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8 \
    TZ=Asia/Shanghai \
    UNION_REPORTS_HOME=/var/lib/union-reports \
    AIRFLOW_HOME=/var/lib/union-reports/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/union-reports/dags
USER 1000:1000
CMD ["python", "-m", "running", "--help"]
