"""When things happen: the rollup, the table of jobs, Celery and the embedded runner. The only room that knows Celery and Redis."""
