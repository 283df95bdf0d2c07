"""Why an element may be refused: the words that the ledger counts by. Pure."""

from enum import StrEnum


class RefusalReason(StrEnum):
    """Why an element was refused, as a word that never changes."""

    UNREADABLE = "unreadable"
    NOT_JSON = "not_json"
    BROKEN_BODY = "broken_body"
    WRONG_TYPE = "wrong_type"
    NO_ID = "no_id"
    NO_MODEL = "no_model"
    NO_TIME = "no_time"
    FUTURE = "future"
    ANCIENT = "ancient"
    COUNT_OUT_OF_RANGE = "count_out_of_range"
    PARTS_EXCEED_TOTAL = "parts_exceed_total"
    CONTRADICTION = "contradiction"
    UNKNOWN_WORD = "unknown_word"
    CONFLICT = "conflict"
    SEALED_DAY = "sealed_day"
