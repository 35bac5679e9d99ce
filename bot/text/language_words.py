"""Frequent words of shop chats, folded, by language and by how much they tell."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEUTRAL: Final = _words(
    """
    ok no size online email mail sms whatsapp app link e o a ya pin kod web site pdf tel dm bot
    fun on an at her ten son
    """
)
"""Words of both languages, or too short to tell: "size" is also "to you", "on" is ten."""

TURKISH_GRAMMAR: Final = _words(
    """
    ne mi mu misiniz musunuz misin musun miyim miyiz muyum midir ve ile icin gibi kadar ama
    fakat cunku bu su o bunu sunu onu buna ona bunun onun bana sana size bize beni seni sizi
    bizi ben sen biz siz onlar benim senin bizim sizin var yok degil daha cok az hala artik
    sonra once zaman nerede nereye nereden nasil neden niye nicin hangi kim kime kac kaci de da
    ki ya yani hic bir birsey bisey bi sey icinde bide olarak ise hem veya yoksa eger belki evet
    hayir tamam lutfen acaba iste simdi henuz diye gore
    """
)

TURKISH: Final = _words(
    """
    merhaba merhabalar selam selamlar selamun aleykum gunaydin iyi gunler gun aksamlar geceler
    kolay gelsin hayirli isler cumalar tesekkurler tesekkur ederim ederiz sagolun sag ol
    eyvallah rica memnun hocam abi abla kardesim canim bey hanim beyefendi hanimefendi
    arkadaslar yetkili gorusuruz hosca kal siparis siparisim siparisimi siparisler siparisi urun
    urunu urunum urunler kargom kargoya kargoda kargonun kargocu teslim teslimat teslimati takip
    numara numarasi numaram nolu numarali iade iadem iadeyi degisim degistirmek fatura faturam
    fis para param parami ucret ucreti ucretsiz fiyat fiyati indirim kampanya kupon puan puanim
    puanlarim hediye beden renk rengi kutu paket paketi adres adresim adresi telefon telefonum
    sube magaza stok stokta stoklarda garanti garantisi servis servise serviste tamir ariza
    arizali bozuk bozuldu kirik kirildi yirtik eksik yanlis farkli hasarli ezik leke calismiyor
    calismiyo acilmiyor odeme odedim havale eft taksit kart kartim kartima banka hesap hesabim
    sifre sifremi uyelik uyeligim uye kayit kaydi sikayet sikayetim talep randevu bakim filtre
    parca yedek kilavuz kullanim temsilci temsilciye musteri hizmetleri canli insan biri birine
    baglan bagla baglar yardim yardimci olur olurmu olabilir olmadi oldu olmus olacak olcak
    olsun olan olursa olmaz oluyor oluyo gelir gelmedi geldi gelecek gelicek gelmis gelirmi
    geliyor geliyo gitti gitmedi gidecek gonder gonderin gonderdim gonderdiniz gonderildi
    gonderir atar atin attim atarmisiniz verdim verdi verin vermedim verir aldim aldi aldik
    alabilir alir alirmi alacak almak almadim istiyorum istiyom isterim istemiyorum istedim
    ister yapar yapin yaptim yaptiniz yapabilir yapmak yapalim edin edebilir edilir edildi etmek
    ettim ettiniz etti eder edermi ediyorum ediyor bekliyorum bekliyom bekliyo bekledim bakar
    bakin bakarmisiniz yaziyor yaziyo yazdim yazin diyor diyo dedi dediniz bilgi bilgisi soru
    sorum sormak sordum soyle cevap cevabi ariyorum aradim aradi arayin arar arasin arasa
    konusmak gorusmek ulasti ulasmadi ulasamiyorum ulasamadim dagitim dagitimda dagitima
    hazirlaniyor hazirlik durum durumu durumda nedir bugun yarin dun sabah aksam ogle gece hafta
    haftaya saat dakika ay gunu gunde gundur haftadir pazartesi sali carsamba persembe cuma
    cumartesi pazar bayram bayramda arife ocak subat mart nisan mayis haziran temmuz agustos
    eylul ekim kasim aralik bir iki uc dort bes alti yedi sekiz dokuz yuz bin tane adet kere kez
    defa ilk ikinci diger baska ayni yeni eski buyuk kucuk guzel kotu hizli yavas gec erken
    hemen acil bekleyen gercekten rezalet ayip yeter magdur yazik dolandirici sahtekar avukat
    hakem heyeti tuketici iptal iptali vazgectim istemiyom mesaj reklam bildirim mumkun mumkunmu
    lazim gerek gerekiyor gerekli sorun problem hata tekrar gecen gelen giden kalan kaldi bitti
    basladi basvuru icerik icin acik kapali acikmisiniz calisma saatleri adam kadin cocuk anne
    baba esim arkadasim arkadas evde ev iste is yer yol kapi kapida komsu apartman daire mahalle
    sokak istanbul ankara izmir turkiye turkce turk fotograf foto resim ekran goruntusu dekont
    fazla yarisi parasi hakki hakkim hakkinda saglik elinize super harika bravo helal valla
    vallahi allah insallah masallah maalesef keske galiba herhalde mesela ornek tabi tabii peki
    tamamdir anladim anlamadim biliyor biliyorum bilmiyorum sanirim bence ustune alta ust alt
    sol tarihi tarih suresi kargo gunluk aylik yillik kdv vergi tc kimlik isim isminiz ismim
    adim soyadim soyad ad dogum
    """
)

ENGLISH_GRAMMAR: Final = _words(
    """
    the is are was were am be been i you we they he she it my your our their his this that these
    those what when where why how who which do does did don't dont didn't didnt doesn't doesnt
    can can't cant cannot could would should will won't wont have has had haven't havent hasn't
    hasnt not of to for with from by about into and or but if because there here i'm im i've ive
    i'd id i'll it's its that's thats you're youre isn't isnt wasn't wasnt me us them any some
    just still yet then than as at in so
    """
)

ENGLISH: Final = _words(
    """
    hi hello hey hiya morning afternoon evening night good thanks thank thankyou please welcome
    bye goodbye cheers sorry i yes yeah yep nope yup sure okay alright fine great nice perfect
    cool awesome bad wrong terrible worst best help need want like know tell say said ask asked
    give gave got get getting make made take took put use used using see look looking find found
    show send sent sending receive received arrive arrived arriving came come coming go going
    gone went wait waiting waited call called contact speak talk chat write wrote reply answer
    respond message messages number phone address name account password login user customer
    support agent human person someone somebody anyone anybody representative robot manager team
    staff people shop store branch office company website page item items product products
    package parcel box shipment shipped ship shipping courier carrier delivered deliver tracking
    track late delay delayed lost missing broken damaged defective faulty cracked scratched torn
    working works doesnt stopped return returned returning returns exchange replace replacement
    refunded money back pay paid payment card charged charge twice price cost costs free
    discount code voucher points gift invoice receipt bill tax bank transfer installment cash
    warranty guarantee repair repaired fix fixed service appointment maintenance filter part
    parts manual instructions install colour color small large big bigger smaller different
    another other same new old cancelled canceled cancellation change changed mind modify update
    updated correct first second third last next one two three four five six seven eight nine
    ten today tomorrow yesterday tonight now soon already never always again before after since
    until day days week weeks month months year years hour hours minute minutes monday tuesday
    wednesday thursday friday saturday sunday january february march april june july august
    september october november december fri mon tue wed thu sat sun many much more less very too
    only also even really long time times date possible open closed close available stock sold
    out sale complaint complain angry disappointed ridiculous scam fraud lawyer court data
    delete deletion privacy personal information info question questions problem issue issues
    stop unsubscribe subscribe english turkish language speaking understand explain mean means
    why thing things something anything nothing everything work happened happen happening let
    lets try tried trying keep leave left right up down over under quick urgent asap kindly dear
    sir madam hope wish love hate think believe guess maybe probably
    """
)

LOANS: Final = _words(
    """
    order refund tracking cancel status delivery check chart code barcode stock price sale
    product support feedback update login password premium gold return iphone bluetooth wifi
    black outlet brand model set full live chat
    """
)
"""English shop words that Turkish sentences use as well; weak evidence."""
