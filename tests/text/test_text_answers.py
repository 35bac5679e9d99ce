"""Choices out of a list, refusals of advertising, bare cancels."""

from __future__ import annotations

import pytest

from bot.text import is_bare_cancel, is_opt_out, ordinal_choice


@pytest.mark.parametrize(
    "text",
    [
        *("2", "2.", "2)", "(2)", "#2", "2️⃣", "2'yi", "2yi", "2.si", "2'nci", "2nd", "2 numara"),
        *("2 nolu olan", "seçenek 2", "option 2", "2. sipariş", "2 lütfen", "evet 2", "iki"),
        *("ikinci", "İKİNCİ", "ikincisi", "ikincisini", "ikinci siparişim", "ikinci olan"),
        *("second", "the second one", "two"),
    ],
)
def test_the_second(text: str) -> None:
    assert ordinal_choice(text, 3) == 2


@pytest.mark.parametrize(
    "text",
    ["sonuncu", "sonuncusu", "sonuncusunu", "son", "en son", "last", "the last one", "üçüncüsü"],
)
def test_the_last(text: str) -> None:
    assert ordinal_choice(text, 3) == 3


@pytest.mark.parametrize("text", ["ilki", "ilk", "birinci", "birincisi lütfen", "first", "1"])
def test_the_first(text: str) -> None:
    assert ordinal_choice(text, 3) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("2 gün", "1024", "12", "0", "4", "2 sipariş", "1 ve 2", "1-2", "2.5", "2,5", "", "👍"),
        *("ikinci değil", "iade", "hiçbiri", "ikinci el mi", "dördüncü", "2 tane aldım"),
    ],
)
def test_something_else(text: str) -> None:
    assert ordinal_choice(text, 3) is None


def test_numbers_count_only_within_the_list() -> None:
    assert ordinal_choice("12", 15) == 12
    assert ordinal_choice("son", 0) is None
    assert ordinal_choice("ikinci", 1) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "RET",
            "ret",
            "RET.",
            '"RET"',
            "DUR",
            "Dur!",
            "STOP",
            "Stoppp",
            "UNSUBSCRIBE",
            "RET B002",
        ),
        *("mesaj atmayın", "MESAJ ATMAYIN", "mesaj atmayin artik", "bana bir daha mesaj atmayın"),
        *("reklam göndermeyin", "reklam mesajı atmayın artık RET", "reklam istemiyorum"),
        *("kampanya mesajlarını durdurun", "reklam için aramayın", "sms göndermeyin"),
        *("listeden çıkarın", "beni listenizden çıkarın", "aboneliğimi iptal edin"),
        *("please stop", "stop sending me messages", "remove me from your list", "no more ads"),
    ],
)
def test_refusals_of_advertising(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize(
    "text",
    [
        *("durumu nedir", "stopaj", "ret edildi mi iadem", "beni aramayın", "iptal", "İPTAL", ""),
        *("dur bir dakika", "mesaj atmayın arayın", "siparişim gelmedi reklam atmayın", "1024"),
        *("neden mesaj atmıyorsunuz", "kampanya var mı", "mesaj gelmedi", "iade istemiyorum"),
        *(
            "reklamda gördüğüm ürünü gönderin",
            "stop the order",
            "bana mesaj atın",
            "üyeliğimi silin",
        ),
    ],
)
def test_no_refusals_of_advertising(text: str) -> None:
    assert not is_opt_out(text)


@pytest.mark.parametrize(
    "text", ["iptal", "İPTAL", "IPTAL!", "cancel", "iptal edin", "iptal lütfen"]
)
def test_bare_cancel(text: str) -> None:
    assert is_bare_cancel(text)
    assert not is_opt_out(text)


@pytest.mark.parametrize(
    "text", ["1024 iptal", "siparişimi iptal edin", "iptal mi oldu", "iptal etmeyin"]
)
def test_cancel_of_something(text: str) -> None:
    assert not is_bare_cancel(text)
