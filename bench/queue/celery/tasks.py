"""The baseline: a Celery worker on Redis, one process, late acknowledgement, a task that does nothing."""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BROKER"])
app.conf.update(
    task_ignore_result=True,
    task_serializer="json",
    task_acks_late=True,
    broker_connection_retry_on_startup=True,
)


@app.task(name="noop")
def noop(number):
    pass
