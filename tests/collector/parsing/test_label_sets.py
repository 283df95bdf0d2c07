"""What the receiver fixed wins over what a record says, and what nobody says has a word."""

from collector.parsing import label_sets
from collector.parsing.label_sets import Said, Traits
from collector.parsing.naming import Naming
from ledger.pricing import names, price_book

TRAITS = Traits(("standard", "standard"), "provider")
SAID = Said("azure", "gpt-4.1", "prod", "theirs", "chat", "key")


def test_a_record_names_itself_where_the_receiver_does_not() -> None:
    labels = label_sets.labels(SAID, TRAITS, Naming(namespace="edge", default_project="spare"))
    assert (labels.namespace, labels.provider, labels.model, labels.request_model) == (
        "edge",
        "azure.ai.openai",
        "gpt-4.1",
        "prod",
    )
    assert (labels.project, labels.workload, labels.key) == ("theirs", "chat", "key")


def test_the_receiver_wins() -> None:
    naming = Naming(
        project="ours",
        default_project="spare",
        workload="w",
        provider="openai",
        model="gpt-4.1-mini",
    )
    labels = label_sets.labels(SAID, TRAITS, naming)
    assert (labels.project, labels.workload, labels.provider, labels.model) == (
        "ours",
        "w",
        "openai",
        "gpt-4.1-mini",
    )


def test_the_default_project_stands_in_for_an_empty_one() -> None:
    assert (
        label_sets.labels(Said(project=" \0"), TRAITS, Naming(default_project="spare")).project
        == "spare"
    )


def test_what_nobody_says_has_a_word() -> None:
    labels = label_sets.labels(Said(), TRAITS, Naming())
    assert (labels.provider, labels.model, labels.request_model, labels.key) == ("unknown",) * 4
    assert (labels.project, labels.workload) == ("unassigned", "unlabelled")


def test_a_model_without_a_provider_is_its_sole_vendors() -> None:
    book = price_book.shipped()
    naming = Naming(vendor_of=lambda model: names.sole_vendor(book, model))
    assert label_sets.labels(Said(model="gpt-4.1"), TRAITS, naming).provider == "openai"
    assert (
        label_sets.labels(Said(model="gpt-4.1", provider="groq"), TRAITS, naming).provider == "groq"
    )
    assert label_sets.labels(Said(model="my-own"), TRAITS, naming).provider == "unknown"


def test_a_name_of_any_length_fits() -> None:
    labels = label_sets.labels(
        Said("İ" * 500, "m" * 500, "r" * 500, "p" * 500, "w" * 500, "k" * 500), TRAITS, Naming()
    )
    texts = (
        labels.provider,
        labels.model,
        labels.request_model,
        labels.project,
        labels.workload,
        labels.key,
    )
    assert {len(text) for text in texts} == {128}
