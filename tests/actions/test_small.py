"""Small decisions of the actions: hours in a sentence, danger, values in a template."""

from __future__ import annotations

import datetime as dt

import pytest
from rasa.core.nlg.interpolator import interpolate_text

from actions.base import Choice, _harmless
from actions.called_off import takes_back
from actions.conduct import is_insult, is_threat, needs_care
from actions.contact import masked
from actions.memory import left_case
from actions.safety import is_dangerous
from actions.wanted_time import wanted_time

ZONE = "Europe/Istanbul"
NOW = dt.datetime.fromisoformat("2026-11-24T11:00:00+03:00")  # a Tuesday


@pytest.mark.parametrize(("text", "wanted"), [
    ("17:30dan sonra arasanız olur mu 0532 123 45 67", "2026-11-24T17:30"),
    ("yarın öğleden sonra arar mısınız", "2026-11-25T14:00"),
    ("beni saat 3te arayın", "2026-11-24T15:00"),
    ("5 buçuk gibi", "2026-11-24T17:30"),
    ("cumartesi sabah 10da", "2026-11-28T10:00"),
    ("salı günü", "2026-12-01T09:00"),
    ("sabah 9da arayın", "2026-11-25T09:00"),
    ("please call me tomorrow at 3 pm", "2026-11-25T15:00"),
    ("after 5 please", "2026-11-24T17:00"),
    ("öbür gün", "2026-11-26T09:00"),
    ("gece 3te arayın", "2026-11-25T03:00"),
    ("gece 11de arayın", "2026-11-24T23:00"),
    ("sabah 7de arayın", "2026-11-25T07:00"),
    ("akşam 8de arayın", "2026-11-24T20:00"),
    ("call me at 3 am", "2026-11-25T03:00"),
])
def test_a_wanted_hour_is_read(text: str, wanted: str) -> None:
    found = wanted_time(text, NOW, ZONE)
    assert found is not None and found.isoformat()[:16] == wanted


@pytest.mark.parametrize("text", [
    "beni arayın", "0532 123 45 67", "3 gündür bekliyorum arayın", "2 kere aradım ulaşamadım",
    "bugün sabah 9da",
])
def test_what_names_no_hour_ahead_is_no_wish(text: str) -> None:
    assert wanted_time(text, NOW, ZONE) is None


@pytest.mark.parametrize("text", [
    "fişe taktım DUMAN çıktı", "elektrik çarptı", "kablo eridi", "gaz kokusu var", "pil şişti",
    "çocuğum parçasını yuttu", "there is smoke", "it caught fire", "I got an electric shock",
    "sparks came out", "it smells like burning", "elim yandı", "pili yutmuş", "elektrik çarpmış",
    "elim yanmış", "tutuşmuş", "kablo erimiş", "pil şişmiş", "cihaz yanıyor", "makine yandı",
    "kısa devre yaptı", "elektrik veriyor", "nefes alamıyorum", "boğuluyordu", "hastaneye gittik",
    "hastaneye", "my son choked", "it zapped me", "my hand is bleeding", "battery swollen",
    "the battery is swollen", "prizden alev çıktı acil temsilci",
    "cihazdan duman çıktı hemen beni arayın", "kahve makinesi patladı", "makine beni çarptı",
    "pil patlamış", "bebeğim pili yuttu", "parmağım kesildi", "elimi kesti cam",
    "kızım nefes alamıyor", "alerji yaptı", "cildimi yaktı", "perde tutuştu", "cihaz tutuşuyor",
    "adaptör çok yandı", "DUMANLAR çıkıyor", "cihaz patlıyor", "elektrik çarpıyor", "çarpıldım",
    "plastik eriyor", "the charger melted", "it burned my hand", "he was taken to the hospital",
    "the plug is on fire", "smoke came out of the machine", "makine patladı elektrik çarptı",
    "bir de kablodan kıvılcım çıkıyor", "it shocked me", "fişten yanık kokusu geliyor",
    "kablo yanıyor", "my child swallowed a part", "gas leak", "zehirlendik", "elim kanıyor",
    "kanaması var", "boğuldu az kalsın", "çocuk boğuluyordu", "the burning smell is strong",
    "oğlum pili yutmuş", "elektrik kaçağı var", "kaçak var", "su ısıtıcısı tutuştu",
    "batarya şişiyor", "cihaz az kalsın evi yakacaktı", "ocak evi yakacak diye korkuyorum duman çıkıyor",
])
def test_danger_is_heard(text: str) -> None:
    assert is_dangerous(text)


@pytest.mark.parametrize("text", [
    None,
    "ışık yanıyor", "kırmızı ışık yanıp sönüyor", "içim yandı", "ışığı yandı", "kart çarptı",
    "kırmızı ışık yandı", "dumanlı gri renk var mı", "patlamış mısır makinesi", "fire tv stick",
    "lamba yanmıyor", "", "puanlarım yandı", "fiyatı gözüme çarptı", "koli patlamış geldi",
    "kargo kutusu patlamış", "bankamatik kartımı yuttu", "yangın söndürücü satıyor musunuz",
    "Alev hanım aramıştı", "hastaneye gönderin", "siparişi hastaneye teslim edin",
    "pervanenin kanadı kırık", "işe boğuldum", "makinenin ışığı kırmızı yanıyor",
    "ekran yanıp sönüyor", "smoke grey renk", "shocked by your service",
    "i was shocked when i saw the price", "alerji yapar mı", "alerjim var uygun mu",
    "elektrik faturası", "cihaza elektrik gelmiyor", "çikolata erimiş", "dondurma eridi",
    "chocolate melted", "elbise yandan sökük", "elma", "kapıya çarptı", "araba çarptı",
    "yeşil yanıyor", "cihaz kırmızı yanıyor", "led yanıyor", "ocak yanmıyor", "sipariş iptal",
    "param yandı", "fire oranı", "en yakın servis", "acil cevap verin", "hemen beni arayın",
    "non smoking", "kutu ezik geldi actm bardaklarin 2si kırık",
    "makina 2 aylık su kaynatırken duruyo ışığı kırmızı yanıp sönüyo arızalı galiba",
    "renk atmış yıkayınca", "nefes kesen tasarım", "the light is burning red",
    "is the fabric allergy friendly", "makine kapıya çarptı", "ürün elime ulaşmadı",
    "şarj ışığı yanmıyor", "şarj olmuyor", "elimdeki fişi kaybettim", "çok şık bir duman gri",
    "tek kullanımlık mı bu kod ikinci siparişte patladı", "adresim hastane, hastanedeyim",
])
def test_what_only_sounds_like_danger_is_not(text: str | None) -> None:
    assert not is_dangerous(text)


@pytest.mark.parametrize("text", [
    "seni öldürürüm", "gebertirim sizi", "kafanı kırarım", "ofisinizi basarım", "I know where you live",
    "sizi döverim", "mağazanızı yakacağım", "evinin adresini biliyorum", "canınızı yakarım", "sizi vururum",
    "dükkanı patlatırım", "I'll kill you", "we are going to hurt you", "gonna beat you", "dövcem sizi",
    "kafana sıkarım", "i will stab all of you", "bıçaklarım hepinizi", "ofise bomba koyacağım",
])
def test_a_threat_is_heard(text: str) -> None:
    assert is_threat(text)


@pytest.mark.parametrize("text", [
    "meraktan öldüreceksiniz beni", "bu bekleyiş öldürdü bizi", "kendimi öldüreceğim",
    "adresinizi bilmiyorum", "fiyatı kırar mısınız", "sizi şikayet ederim", "",
    "servisin adresini biliyor musunuz", "kurye adresini biliyor mu", "ayakkabı yere basarken kayıyor",
    "this cable will kill you", "ocak evi yakacak diye korkuyorum", "oyuncağın kafası kopar mı",
    "canınızı yakacak fiyatlar", "sizin adresinizi biliyorum ama saatleri bilmiyorum",
    "kapıya vuracağım", "it will hurt your skin", "evi yakacağım diye korkuyorum", "düğmeye basarım",
])
def test_what_only_sounds_like_a_threat_is_not(text: str) -> None:
    assert not is_threat(text)


@pytest.mark.parametrize(("text", "wanted"), [
    ("12 yaşındayım", True), ("yaşım 15", True), ("i'm 13 years old", True), ("reşit değilim", True),
    ("annemin kartıyla gizlice aldım", True), ("kendimi öldüreceğim", True),
    ("kızım 12 yaşında", False), ("annemin kartıyla ödedim", False), ("35 yaşındayım", False),
    ("i am 10 minutes away", False),
])
def test_a_child_is_heard(text: str, wanted: bool) -> None:
    assert needs_care(text) is wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("siktir git", True), ("s*ktirin gidin aq", True), ("salak mısınız siz", True),
    ("siparişim nerede amk", False), ("mal geldi", False), ("it", False), ("it is the", False),
    ("is it", False), ("köpek", False), ("mal", False), ("mal mısınız", True), ("it herifler", True),
    ("köpeksin sen", False), ("siz köpeksiniz lan", False), ("sen köpek", True), ("", False),
    ("you piece of shit", True), ("mal sizin", False),
])
def test_only_a_bare_insult_is_one(text: str, wanted: bool) -> None:
    assert is_insult(text) is wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ("iptal etmeyin", True), ("iptal etmenizi istemiyorum", True), ("do not cancel", True),
    ("iptali durdurun", True), ("neden iptal etmediniz", False), ("iptal edin", False),
    ("iptal etmeyin demiştim ama iptal edin", False), ("siparişi iptal etmek istiyorum", False),
])
def test_a_cancellation_is_taken_back(text: str, wanted: bool) -> None:
    assert takes_back("cancel_order", text) is wanted


@pytest.mark.parametrize("hostile", ["{phone}", "0[phone]", "{0[phone]}", "{{phone}}", "a{b"])
def test_a_value_can_not_name_another_variable(hostile: str) -> None:
    filled = interpolate_text("Kayıt: {x}", {"x": _harmless(hostile), "phone": "+90532"})
    assert "+90532" not in filled and "Kayıt:" in filled


def test_a_title_is_cut_to_what_a_button_holds() -> None:
    assert Choice("1026 Keten nevresim takımı", "/x").as_data()["title"] == "1026 Keten nevresim…"
    assert Choice("Evet", "/affirm").as_data() == {"title": "Evet", "payload": "/affirm"}


def test_a_phone_is_shown_with_its_middle_hidden() -> None:
    assert masked("+905321234567") == "0532 *** ** 67"
    shown = masked("+447700900123")
    assert shown.startswith("+44") and shown.endswith("23")
    assert "700900" not in shown.replace(" ", "")


def test_memory_gives_back_only_a_fresh_case() -> None:
    memory = {
        "active_loop": "case_form", "saved_at": "2026-11-20T11:00:00+03:00",
        "slots": {"case_intent": "return_request", "case_order": "1026", "order_number": "1"},
    }
    left = left_case(memory, NOW)
    assert left is not None and left["slots"]["case_order"] == "1026" and left["ask"]
    assert left_case({**memory, "saved_at": "2026-11-10T11:00:00+03:00"}, NOW) is None
    assert left_case({**memory, "active_loop": None}, NOW) is None
    assert left_case({**memory, "slots": {"case_intent": "no_such_case"}}, NOW) is None
    assert left_case({}, NOW) is None
