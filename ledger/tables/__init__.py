"""The database tables by family, and each as a Core table by name.

Integers for time and tokens, text for money. No label is NULL: unknown has a word. The word model
means an LLM model.
"""

from ledger.tables import access as access
from ledger.tables import advice as advice
from ledger.tables import columns as columns
from ledger.tables import evidence as evidence
from ledger.tables import files as files
from ledger.tables import jobs as jobs
from ledger.tables import policy as policy
from ledger.tables import pricing as pricing
from ledger.tables import refusals as refusals
from ledger.tables import stages as stages
from ledger.tables import usage as usage

metadata = columns.metadata

API_KEY = metadata.tables["api_key"]
STATEMENT = metadata.tables["statement"]
STATEMENT_LINE = metadata.tables["statement_line"]
ADJUSTMENT = metadata.tables["adjustment"]
ADJUSTMENT_LINE = metadata.tables["adjustment_line"]
RECOMMENDATION = metadata.tables["recommendation"]
ALERT_STATE = metadata.tables["alert_state"]
ALERT_MESSAGE = metadata.tables["alert_message"]
EVIDENCE_SET = metadata.tables["evidence_set"]
EVIDENCE_ITEM = metadata.tables["evidence_item"]
IMPORTED_FILE = metadata.tables["imported_file"]
TAILED_FILE = metadata.tables["tailed_file"]
JOB_SLOT = metadata.tables["job_slot"]
FACT = metadata.tables["fact"]
PRICE = metadata.tables["price"]
CONTRACT_PRICE = metadata.tables["contract_price"]
CONTRACT_DISCOUNT = metadata.tables["contract_discount"]
FIXED_COST = metadata.tables["fixed_cost"]
BUDGET = metadata.tables["budget"]
OWNER = metadata.tables["owner"]
OPT_OUT = metadata.tables["opt_out"]
ALIAS = metadata.tables["alias"]
STAGE_CHANGE = metadata.tables["stage_change"]
MISSED_DAY = metadata.tables["missed_day"]
REALISED_SAVING = metadata.tables["realised_saving"]
SERIES = metadata.tables["series"]
EVENT_METER = metadata.tables["event_meter"]
EVENT = metadata.tables["event"]
INTAKE = metadata.tables["intake"]
USAGE_HOUR = metadata.tables["usage_hour"]
USAGE_DAY = metadata.tables["usage_day"]
USAGE_LATE = metadata.tables["usage_late"]
USAGE_TOTAL = metadata.tables["usage_total"]
DISTRIBUTION_DAY = metadata.tables["distribution_day"]
DAY = metadata.tables["day"]
REFUSED_ELEMENTS = metadata.tables["refused_elements"]
METRIC_SET = metadata.tables["metric_set"]
