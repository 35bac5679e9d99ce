"""`import shop`: taken as a whole or refused with every fault named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from bot import clock, db
from bot.aftersales import importing
from bot.aftersales.orders.models import Product
from bot.aftersales.orders.service import shop_system
from bot.aftersales.policies import service as policies
from bot.errors import InvalidInput
from bot.shop import queries as shop

EXAMPLE = Path(__file__).parents[2] / "docs/shop.example.yml"


def written(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "shop.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True) if not isinstance(data, str) else data)
    return path


def test_the_documented_example_is_a_whole_shop(database: str) -> None:
    report = importing.import_shop(EXAMPLE)
    assert report.errors == [] and "8 policy versions" in str(report)
    with db.read() as session:
        assert shop.profile(session)["name"] == "Örnek Mağaza"
        hours = shop.office_hours(session)
        assert hours.closure_on(dt.date(2027, 1, 5)) == "stocktaking"
        assert not hours.is_working_day(dt.date(2026, 11, 29))
        assert shop.carrier_name(session, "aras") == "Aras Kargo"
        assert shop.templates(session)["update"]["en"]["variables"] == ["text"]
        for key in ("delivery", "dispatch", "returns", "support", "payment", "loyalty", "warranty"):
            assert policies.find(session, key), key
        later = policies.current(session, "returns", clock.now() + dt.timedelta(days=3650))
        assert later.values["days"] == 30
        (mug,) = shop_system(session).products("seramik KUPA")
        assert mug.sku == "KUPA-01" and mug.attributes["care"]


def test_importing_again_changes_nothing(database: str) -> None:
    importing.import_shop(EXAMPLE)
    assert "nothing was changed" in str(importing.import_shop(EXAMPLE))


def test_a_single_part_leaves_the_rest(database: str, tmp_path: Path) -> None:
    importing.import_shop(EXAMPLE)
    importing.import_shop(written(tmp_path, {"policies": {"delivery": {"fee": 99.5}}}))
    with db.read() as session:
        assert policies.current(session, "delivery").values == {"fee_kurus": 9950}
        assert policies.current(session, "delivery").version == 2
        assert shop.profile(session)["name"] == "Örnek Mağaza"


FAULTS: list[tuple[Any, str]] = [
    ({"shpo": {}}, "shpo is not known"),
    ({"shop": {"fone": "1"}}, "shop.fone is not known"),
    ({"shop": ["x"]}, "shop must be a mapping"),
    ({"hours": {"week": {"moonday": "09:00-18:00"}}}, "hours.week.moonday"),
    ({"hours": {"week": {"monday": "18:00-09:00"}}}, "hours: weekday 0 closes"),
    ({"hours": {"closures": [{"from": "soon"}]}}, "hours.closures"),
    ({"carriers": {"x": {"aliases": []}}}, "carriers.x needs a name"),
    ({"carriers": {"x": {"name": "X", "tracking_url": "http://x/{number}"}}}, "with https"),
    ({"carriers": {"x": {"name": "X", "tracking_url": "https://x/"}}}, "hold {number}"),
    ({"policies": {"returns": {"days": 7}}}, "the law gives customers 14 days"),
    ({"policies": {"returns": {"refund_days": 30}}}, "within 14 days"),
    ({"policies": {"warranty": {"years": 1}}}, "2 years of warranty"),
    ({"policies": {"dispatch": {"cutoff": "4pm"}}}, "policies.dispatch.cutoff"),
    ({"policies": {"delivery": {"fee": "1.299,90"}}}, "policies.delivery.fee"),
    ({"policies": {"delivery": {"fee": 1.999}}}, "at most two decimals"),
    ({"policies": {"delivery": {"valid_from": "soon"}}}, "valid_from"),
    ({"policies": {"delivery": {"price": 1}}}, "policies.delivery.price is not known"),
    ({"policies": {"delivery": "free"}}, "policies.delivery must hold"),
    ({"policies": {"support": {"update_hours": "four"}}}, "update_hours is 'four'"),
    ({"policies": {"support": {"ticket_hours": {"urgent": "soon"}}}}, "ticket_hours must name"),
    ({"policies": {"loyalty": {"tiers": [{"name": "Gold"}]}}}, "name and from_points"),
    ({"policies": {"delivery": {"carriers": "yurtici"}}}, "carriers must be a list"),
    ({"hours": {"week": ["monday"]}}, "hours.week must be"),
    ({"hours": {"closures": ["soon"]}}, "hours.closures"),
    ({"hours": {"half_day_close": 780}}, "hours:"),
    ({"shop": {"social": "x"}}, "shop.social must be"),
    ({"policies": {"magic": {}}}, "policies.magic is not known"),
    ({"policies": {"payment": {"methods": [{"key": "card"}]}}}, "methods[0] needs a label"),
    ({"products": [{"sku": "A"}]}, "products, entry 1"),
    ({"templates": {"update": {"tr": {"text": "x"}}}}, "templates.update needs"),
    ("a: [", "not readable YAML"),
    ("just words", "must hold the parts"),
]


def test_a_fault_is_named_and_nothing_is_stored(database: str, tmp_path: Path) -> None:
    for data, fault in FAULTS:
        if isinstance(data, dict):
            data = {"products": [{"sku": "GOOD", "name": "Good"}], **data}
        with pytest.raises(InvalidInput) as refused:
            importing.import_shop(written(tmp_path, data))
        assert fault in str(refused.value)
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Product)) == 0


def test_all_faults_are_named_at_once(database: str, tmp_path: Path) -> None:
    data = {"policies": {"returns": {"days": 7}, "warranty": {"years": 1}}, "products": [{}]}
    with pytest.raises(InvalidInput) as refused:
        importing.import_shop(written(tmp_path, data))
    assert str(refused.value).count("\n- ") == 3


def test_a_missing_file_is_no_crash(database: str, tmp_path: Path) -> None:
    for read in (importing.import_shop, importing.import_orders):
        with pytest.raises(InvalidInput, match="can not be opened"):
            read(tmp_path / "nowhere")
