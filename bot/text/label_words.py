"""The words that name a number of another kind than an order's, as parts of expressions.

Folded (``fold``). What they do stands in ``labels``.
"""

from __future__ import annotations

from typing import Final

from bot.text.phrases import one_of

NAME: Final = (
    r"(?: ?(?:no|no'?(?:su|m|muz)|nolar\w*|nu|num|numara\w*|kod\w*|id|id'?si|kimli[kg]\w*|number|numbers"
    r"|nr|code|codes|kn)(?!\w))"
)
"""A word for "number" behind a head."""

TAIL: Final = (
    r"(?:'s)?(?:[ ,]{1,2}(?:is|are|was|su|bu|olarak|olan|you sent(?: me)?|i got|says|diye|seklinde"
    r"|yaz(?:an|iyo\w*|ili)|diyo\w*|ise|sanirim|galiba|with you|(?:on|at) the (?:box|device|label|back|lid)"
    r"|kutu\w*|arka\w*|ustunde\w*|altinda\w*|of (?:it|mine)|as)){0,6}"
    r"(?: ?[1-9](?=[:. ]))?[\s:=.#\"'(>-]{0,4}(?:[a-z]?\d{1,2}-|[a-z]{1,2} )?$"
)
"""What little may stand between a label and its number."""

ENDING: Final = (
    r"(?:'[a-z]{1,5}| s[iu]"
    r"|(?:s?[iu]m?|s?[iu]n|[iu]m[iu]z|s?[iu]nd[ae](?:ki)?|n[iu]n|[iu]n[iu])(?!\w))?"
)
"""What is written onto a Turkish head."""

ALWAYS: Final = one_of(
    r"""
    imei|meid|iccid|sku|asin|gtin|ean(?:-?13)?|upc|isbn|vin|sas[ei]|chassis|oem|p/n
    seri|serisi|serial|s/n|sn|urun barkodu|product barcode|lot|parti|batch|desi|muadil\w*
    (?:mikro ?|micro ?)?(?:cip|chip)|kunye
    mrn|gtip|hs ?code|(?:customs )?declaration|(?:gumruk )?beyanname\w*|customs (?:file|ref\w*)
    mersis|eori|ettn|dekont\w*|irsaliye|tax|vat|vergi\w*|vkn|trn|gstin|tkhk|khk
    iban\w*|swift|provizyon\w*|prov|auth(?:ori[sz]ation)?|sorgu|transaction|butce\w*
    (?:odeme|havale|eft|fast|banka?|islem|dekont|payment|transfer|transaction|wire) ref\w*
    pasaport\w*|passport|ikamet\w*|residence permit|foreigner id|ehliyet|driv(?:ing|er'?s?) licen[cs]e
    tc|tckn|t\.c\.?|(?:national|turkish|identity|citizen) id|identity|id(?= n[ou])|kimlik\w*
    dogum\w*(?: yili\w*| tarihi\w*)?|dogumlu\w*|born(?: in)?|tansiyon|nabiz
    posta kodu\w*|zip|zip ?code|post ?code|postal code|pk|plaka\w*|(?:number )?plate
    oda|room|flat|suite|unit|dolap|locker|dahili|ext|extension
    (?:door|gate|entry|entrance|lobby|building|alarm|garage|lift|access|key) (?:code|pin)
    (?:kapi|site|bina|apartman|giris\w*|otopark|asansor) (?:kod\w*|sifre\w*)
    intercom|buzzer|diyafon\w*
    law|kanun\w*|yasa|madde|maddesi|article|iso
    (?:hasar|icra|dava|mahkeme|savcilik|police|court|legal|law|consumer|arbitration) (?:dosya\w*|file|case)
    pin|puk|sifre\w*|parola\w*|password|otp|wifi|kullanici ad\w*|username|nickname
    (?:delivery|pickup|pick-up|collection) code|teslim(?:at)? kodu\w*
    versiyon|version|surum|firmware|android|windows|ios|hata|error|err|fault|ariza kodu
    sayfa|pages?|ilan|membership|(?:loyalty|club|member(?:ship)?) card|(?:hediye|puan) kart\w*|gift card
    item|article|(?:units|pieces|pcs|packs|boxes) of|pnr|flight|ucus\w*|sefer
    puan(?:im|i)?(?: (?:durumu?m?|bakiye\w*|toplam\w*))?|points|skor|score|kilometre\w*|mileage|odometer
    sayac\w*|endeks|okul no|okul numara\w*|ada|parsel
    (?:ref|reference)(?: no| number)? (?:with|from|of|at|for) (?:the |my )?(?:bank|transfer|payment)
    """
)
"""Nothing but such a number follows these."""

NUMBERED: Final = one_of(
    r"""
    fatura\w*|invoice|receipt|fis|evrak|slip|makbuz|ekstre|beyanname|teklif|quote|sozlesme|contract
    garanti|garanti belge\w*|warranty|belge\w*|sertifika|certificate|ruhsat|tescil|police\w*|policy
    musteri\w*|uyelik\w*|uye|customer|client|member|loyalty|account|hesap|hesab\w*|abone\w*
    kullanici|user|profil|profile|sadakat|referral|davet|arkadas|ogretmen|ogrenci|student|personel|sicil
    islem|transaction|odeme|payment|havale|eft|fast|banka|bank|talimat|kasa|pos|z|terminal|isyeri|aidat
    stok|urun\w*|product|item|model\w*|parca\w*|part|style|renk|colou?r|cihaz|device|article|art\.?|set
    kart\w*|card|masa|table|koltuk|seat|sira|queue|bilet|rezervasyon|reservation|booking
    bina|ev|kapi|apartman|apartment|building|house|door|gate|raf|palet|konteyner|container
    magaza|store|sube|branch|bayi|dealer|satici|seller|tedarikci|supplier|vendor
    sayac|tesisat|elektrik|internet|modem|sim|hgs|hat|sgk|ssk|emekli\w*|protokol
    kampanya|hediye|kupon|indirim|promosyon|coupon|voucher|gift|discount|promo
    dogrulama\w*|onay\w*|sms|giris|guvenlik|aktivasyon|otp
    verification|security|activation|login|secure|pass
    sigorta|insurance|claim|dava|esas|karar|icra|cimer|sikayetvar|hakem(?: heyeti)?|gumruk|customs
    ucus|vize|visa|motor|engine
    """
)
"""These need the word for "number": "müşteri no 1024", but "fatura 1024" may well be an order's."""

BRAND: Final = one_of(
    r"""
    ddr\d?|rtx|gtx|rx|arc|radeon|geforce|ryzen(?: \d)?|core(?: i\d)?|xeon|epyc
    thinkpad|ideapad|latitude|inspiron|pavilion|vostro|xbox|playstation|ps[345]
    canon|epson|laserjet|deskjet|officejet|pixma|ecotank|brother|eos|nikon|lumix|gopro|garmin|casio|seiko
    kindle|philips|dyson|bosch|siemens|samsung|xiaomi|huawei|sony|lg|tefal|braun|arzum|arcelik|beko|vestel
    karcher|delonghi|jura|krups|makita|dewalt|stihl|husqvarna|einhell|seagate|sandisk|kingston|crucial
    lego(?: [a-z]{2,12}){0,2}|duplo|technic|playmobil|barbie|mattel|hot wheels|ravensburger|schleich|hasbro
    (?:for|the|lego|building) set
    """
)
"""A model or an article follows: "RTX 4070", "Philips 3200", "Lego 42151"."""

STANDARD: Final = "(?:un|en|ts|ce|din|iec|astm|cas|iso|std|standart)"
"""A standard's number follows, where no order is spoken of: "EN 388", "UN 1950"."""
