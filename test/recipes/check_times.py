"""Operations on times against Python's calendar, for zones, types and settings."""
import datetime
import json
import math
import zoneinfo

import numpy as np

from recipe import applied, fault, same, step, table

UTC = datetime.timezone.utc
ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
PARTS = {
    "year": lambda t: t.year, "quarter": lambda t: (t.month + 2) // 3, "month": lambda t: t.month, "week": lambda t: t.isocalendar()[1], "day": lambda t: t.day,
    "dow": lambda t: t.isoweekday() % 7, "isodow": lambda t: t.isoweekday(), "doy": lambda t: t.timetuple().tm_yday, "hour": lambda t: t.hour,
    "minute": lambda t: t.minute, "second": lambda t: t.second + t.microsecond / 1e6,
}
PERIODS = {"month": 12, "dow": 7, "isodow": 7, "hour": 24, "minute": 60, "second": 60, "day": 31, "doy": 366, "week": 53, "quarter": 4}


def instants():
    """In years in which zoneinfo and PostgreSQL know the same rules; around changes of the clock, too."""
    random = np.random.default_rng(3)
    found = [datetime.datetime(1990, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=int(us)) for us in random.integers(0, 40 * 365 * 86400 * 10 ** 6, 400)]
    for day in (datetime.datetime(2024, 3, 31, 0, 59, 59, 999999, UTC), datetime.datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime.datetime(2024, 11, 3, 5, 59, tzinfo=UTC),
                datetime.datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC), datetime.datetime(2024, 2, 29, 12, tzinfo=UTC), datetime.datetime(2021, 1, 3, tzinfo=UTC)):
        found += [day + datetime.timedelta(hours=h) for h in range(-3, 4)]
    return found


def number_of(t):
    """Microseconds of the local clock."""
    return (t.replace(tzinfo=None) - datetime.datetime(2000, 1, 1)) // datetime.timedelta(microseconds=1)


def checks(database):
    times = instants()
    table(database, t=("timestamptz", [t.isoformat() for t in times]), s=("timestamp", [t.replace(tzinfo=None).isoformat() for t in times]), d=("date", [t.date().isoformat() for t in times]))
    reference = datetime.datetime(2026, 1, 31, 12, 30, 15, 250000)
    recipe = []
    wanted = []
    for zone in ZONES:
        local = [t.astimezone(zoneinfo.ZoneInfo(zone)) for t in times]
        for part, of in PARTS.items():
            recipe.append(step(f"{part} {zone}", "date_part", "t", part=part, time_zone=zone))
            wanted.append([of(t) for t in local])
        recipe.append(step(f"age {zone}", "age_days", "t", reference=reference.isoformat(), time_zone=zone))
        wanted.append([(number_of(reference) - number_of(t)) / 86400e6 for t in local])
        recipe.append(step(f"since {zone}", "age_days", ["t", "s"], time_zone=zone))
        wanted.append([(number_of(u) - number_of(t)) / 86400e6 for t, u in zip(local, times)])
    for column, values in (("s", times), ("d", [datetime.datetime.combine(t.date(), datetime.time()) for t in times])):
        for part, of in PARTS.items():
            recipe.append(step(f"{part} of {column}", "date_part", column, part=part))
            wanted.append([of(t) for t in values])
        recipe.append(step(f"age of {column}", "age_days", column, reference="2026-01-31"))
        wanted.append([(number_of(datetime.datetime(2026, 1, 31)) - number_of(t)) / 86400e6 for t in values])
    found = applied(database, recipe)
    for i, one in enumerate(recipe):
        yield one["feature"], *same(found[:, i], wanted[i])
    for part, period in PERIODS.items():
        values = np.array([PARTS[part](t) for t in times])
        angles = 2 * math.pi * values / period
        yield f"cyclic {part}", *same(applied(database, [step("c", "cyclic", "s", part=part)]), np.column_stack([np.sin(angles), np.cos(angles)]))
    first = found
    for setting in ("TimeZone = 'Asia/Tokyo'", "TimeZone = 'America/St_Johns'", "DateStyle = 'SQL, DMY'", "DateStyle = 'German'", "IntervalStyle = 'sql_standard'"):
        database.run(f"SET {setting}")
        yield f"SET {setting}", *same(applied(database, recipe), first, 0, 0)
    database.run("RESET ALL")
    objects = [{"t": t.isoformat(), "s": t.replace(tzinfo=None).isoformat(" "), "d": t.date().isoformat()} for t in times]
    rows = [database.value("SELECT riskml.apply_recipe(%s, %s::jsonb)", (json.dumps(recipe), json.dumps(o))) for o in objects[::8]]
    yield "times as JSON", *same(rows, first[::8], 0, 0)
    table(database, t=("timestamptz", ["infinity", "-infinity", None]), d=("date", ["-infinity", None, "infinity"]))
    yield "infinite times", *same(applied(database, [step("a", "age_days", "t", reference="2020-01-01", time_zone="UTC"), step("b", "age_days", "d", reference="2020-01-01")]),
                                  [[-math.inf, math.inf], [math.inf, math.nan], [math.nan, -math.inf]])
    yield "a timestamptz without a time zone", fault(database, [step("a", "age_days", "t", reference="2020-01-01")])[0] == "42804", None
