"""What the receiver has fixed comes before what a record says, and an unknown name has a word."""

from collector.parsing import label_sets
from collector.parsing.fields import Tiers
from collector.parsing.label_sets import SentNames, Traits
from collector.parsing.naming import Naming
from ledger.pricing import names, price_book

TRAITS = Traits(tiers=Tiers("standard", "standard"), usage_source="provider")
SENT = SentNames(
    provider="azure",
    model="gpt-4.1",
    request_model="prod",
    project="theirs",
    workload="chat",
    key="key",
)


def test_a_record_names_itself_where_the_receiver_does_not() -> None:
    labels = label_sets.build_labels(
        SENT, TRAITS, Naming(namespace="edge", default_project="spare")
    )
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
    labels = label_sets.build_labels(SENT, TRAITS, naming)
    assert (labels.project, labels.workload, labels.provider, labels.model) == (
        "ours",
        "w",
        "openai",
        "gpt-4.1-mini",
    )


def test_the_default_project_stands_in_for_an_empty_one() -> None:
    assert (
        label_sets.build_labels(
            SentNames(project=" \0"), TRAITS, Naming(default_project="spare")
        ).project
        == "spare"
    )


def test_what_nobody_says_has_a_word() -> None:
    labels = label_sets.build_labels(SentNames(), TRAITS, Naming())
    assert (labels.provider, labels.model, labels.request_model, labels.key) == ("unknown",) * 4
    assert (labels.project, labels.workload) == ("unassigned", "unlabelled")


def test_a_model_without_a_provider_is_its_sole_vendors() -> None:
    book = price_book.shipped()
    naming = Naming(vendor_of=lambda model: names.sole_vendor(book, model))
    assert label_sets.build_labels(SentNames(model="gpt-4.1"), TRAITS, naming).provider == "openai"
    assert (
        label_sets.build_labels(
            SentNames(model="gpt-4.1", provider="groq"), TRAITS, naming
        ).provider
        == "groq"
    )
    assert label_sets.build_labels(SentNames(model="my-own"), TRAITS, naming).provider == "unknown"


def test_a_name_of_any_length_fits() -> None:
    labels = label_sets.build_labels(
        SentNames(
            provider="İ" * 500,
            model="m" * 500,
            request_model="r" * 500,
            project="p" * 500,
            workload="w" * 500,
            key="k" * 500,
        ),
        TRAITS,
        Naming(),
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
