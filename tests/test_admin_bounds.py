"""Dates and numbers in the administration: what no calculation or column holds is refused in the
form with a sentence, and what was typed comes back."""

import pytest

from conversations.models import Budget, LanguageModel, Price, ToolPrice

PRICE = {"model": "m", "input": "1", "output": "1", "valid_from_0": "2026-01-01"}
PRICE |= {"valid_from_1": "00:00:00", "cached_input": "", "tier": "", "long_context_over": ""}
TOOL_PRICE = {"tool": "web_search", "model": "", "per_use": "1", "valid_from_0": "2026-01-01"}
TOOL_PRICE |= {"valid_from_1": "00:00:00"}
BUDGET = {"period": "day", "metric": "cost", "limit": "5", "hard": "on", "person": "", "group": ""}
MODEL = {"name": "m", "context_window": "", "max_output_tokens": "", "efforts": ""}
FORMS = {
    "price": (Price, PRICE),
    "toolprice": (ToolPrice, TOOL_PRICE),
    "budget": (Budget, BUDGET),
    "languagemodel": (LanguageModel, MODEL),
}
DAYS = ["0001-01-01", "0001-01-02", "1969-12-31", "3000-01-01", "9999-12-31", "10000-01-01"]
NUMBERS = [
    "9" * 20,
    "-1",
    "-" + "9" * 20,
    "9" * 5_000,
    "1e400",
    "1e30",
    "NaN",
    "Infinity",
    "1e-400x",
]
REFUSED = [
    *(("price", "valid_from_0", day) for day in [*DAYS, "2026-02-30", "0000-00-00"]),
    *(("price", "valid_from_1", time) for time in ["24:00", "23:59:61", "9" * 20]),
    *(("price", name, n) for name in ("input", "cached_input", "output") for n in NUMBERS),
    *(("price", "cache_write", number) for number in NUMBERS[:3]),
    *(("price", "long_context_over", number) for number in NUMBERS[:4]),
    *(("toolprice", "per_use", number) for number in NUMBERS[:6]),
    ("toolprice", "valid_from_0", DAYS[0]),
    *(("budget", "limit", number) for number in NUMBERS),
    *(
        ("languagemodel", name, n)
        for name in ("context_window", "max_output_tokens")
        for n in NUMBERS
    ),
]


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.mark.parametrize(("kind", "field", "typed"), REFUSED, ids=lambda value: str(value)[:24])
def test_a_value_out_of_bounds_is_refused_with_a_sentence(office, kind, field, typed):
    model, given = FORMS[kind]
    before = model.objects.count()
    page = office.post(f"/admin/conversations/{kind}/add/", {**given, field: typed})
    assert page.status_code == 200
    assert page.context["errors"]
    assert model.objects.count() == before
    assert f'value="{typed}"' in page.text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("day", DAYS)
def test_a_day_out_of_bounds_is_refused_in_every_time_zone(office, zone, day):
    office.cookies["timezone"] = zone
    page = office.post("/admin/conversations/price/add/", {**PRICE, "valid_from_0": day})
    assert page.status_code == 200 and page.context["errors"]


@pytest.mark.parametrize("day", ["1970-01-02", "2999-12-31"])
def test_the_first_and_last_days_are_taken_and_shown(office, day):
    office.post("/admin/conversations/price/add/", {**PRICE, "valid_from_0": day})
    price = Price.objects.get()
    for path in ("", f"{price.pk}/change/", f"{price.pk}/delete/", "?valid_from__year=2999"):
        assert office.get(f"/admin/conversations/price/{path}").status_code == 200
    assert office.get("/usage/people/").status_code == 200


@pytest.mark.parametrize("number", ["0", "0.00000001", "1000000000000000"])
def test_the_least_and_largest_budgets_are_taken_and_shown(office, number):
    office.post("/admin/conversations/budget/add/", {**BUDGET, "limit": number})
    budget = Budget.objects.get()
    for path in ("", f"{budget.pk}/change/", f"{budget.pk}/delete/"):
        assert office.get(f"/admin/conversations/budget/{path}").status_code == 200
    for path in ("/", "/usage/", "/admin/conversations/budgetchange/"):
        assert office.get(path).status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "9" * 20])
@pytest.mark.parametrize("path", ["price/?valid_from", "budgetchange/?at"])
@pytest.mark.parametrize("part", ["gte", "lt", "year", "month", "day"])
def test_no_day_in_a_filter_of_the_administration_breaks_the_page(office, path, part, day):
    for value in (day, day[:4]):
        page = office.get(f"/admin/conversations/{path}__{part}={value}", follow=True)
        assert page.status_code in (200, 400)


@pytest.mark.parametrize(
    "query", ["q=" + "a+" * 50_000, "q=" + "%22" * 30_000, "o=" + "1." * 30_000]
)
def test_a_list_is_not_searched_for_a_hundred_thousand_characters(admin_client, query):
    answer = admin_client.get(f"/admin/conversations/person/?{query}", follow=True)
    assert answer.redirect_chain == [("/admin/conversations/person/", 302)]
    assert "were too long" in answer.content.decode()


@pytest.mark.parametrize("value", ["%00", "x" * 9, "9" * 19, "-1", "1,2", "%ED%A0%80", ""])
@pytest.mark.parametrize("path", ["budget", "hold", "retentionrule", "person", "languagemodel"])
def test_no_value_that_fills_in_a_form_breaks_its_page(admin_client, path, value):
    names = ("person", "group", "conversation", "groups", "user_permissions", "models")
    query = "&".join(f"{name}={value}" for name in names)
    answer = admin_client.get(f"/admin/conversations/{path}/add/?{query}")
    assert answer.status_code in (200, 302, 404), path
