"""When things happen: the jobs and their schedule, the rollup, Celery and the embedded worker.

No other package knows Celery or Redis.
"""

from ledger import settings

CELERY_PREFIXES = ("CELERY_", "C_", "KOMBU_", "MP_", "_MP_")
CELERY_NAMES = (
    "AUTOSCALE_KEEPALIVE",
    "DISABLE_TRACEBACKS",
    "DJANGO_PROJECT_DIR",
    "DJANGO_SETTINGS_MODULE",
    "EVENTLET_NOBLOCK",
    "FORKED_BY_MULTIPROCESSING",
    "MULTIPROCESSING_FORKING_DISABLE",
    "NOSETPS",
    "PICKLE_PROTOCOL",
    "REMAP_SIGTERM",
    "TIMER_DEBUG",
    "USE_FAST_LOCALS",
)

# Celery and its libraries read these variables, some of them when they are imported, and one of
# them can take a worker's queue away. Our worker has settings of its own.
settings.forget_variables(CELERY_PREFIXES, CELERY_NAMES)
