"""When things happen: the jobs and their schedule, the rollup, Celery and the embedded worker.

No other package knows Celery or Redis.
"""
