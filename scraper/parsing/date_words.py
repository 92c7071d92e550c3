"""List month names, weekdays and the other words of dates, by language, as news sites print them.

Gregorian calendar only: Persian is read with its Gregorian month names, while the Solar Hijri months (فروردین …), the
Islamic, Hebrew, Buddhist and Ethiopian calendars are not known here, so that their dates stay unread. Names agree with
those of the Unicode CLDR; inflected forms and short ones that sites print are added. Hindi, Thai and other scripts
whose vowels are combining marks are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Language(NamedTuple):
    """Date words of a language: groups are separated by `|`, words by spaces, `_` is a space inside a word."""

    months: str  # January first
    weekdays: str  # Monday first
    today: str
    yesterday: str
    is_day_first: bool = True  # 5/6/2026 is 5 June


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct"
        "|november nov|december dec",
        "monday mon|tuesday tues tue|wednesday wed|thursday thurs thur thu|friday fri|saturday sat|sunday sun",
        "today",
        "yesterday",
        is_day_first=False,  # not in the United States
    ),
    "ru": Language(
        "январь января янв|февраль февраля февр фев|март марта мар|апрель апреля апр|май мая|июнь июня июн"
        "|июль июля июл|август августа авг|сентябрь сентября сент сен|октябрь октября окт|ноябрь ноября нояб ноя"
        "|декабрь декабря дек",
        "понедельник понед пнд пон пн|вторник втр вто вт|среда среду срд сре ср|четверг чтв чет чт"
        "|пятница пятницу птн пят пт|суббота субботу сбт суб сб|воскресенье вск вос вс",
        "сегодня",
        "вчера",
    ),
    "az": Language(
        "yanvar yan|fevral fev|mart mar|aprel apr|may|iyun iyn|iyul iyl|avqust avq|sentyabr sentabr sen"
        "|oktyabr oktabr okt|noyabr noy|dekabr dek",
        "bazar_ertəsi|çərşənbə_axşamı|çərşənbə|cümə_axşamı|cümə|şənbə|bazar",
        "bu_gün bugün",
        "dünən",
    ),
    "hy": Language(
        "հունվար հունվարի հնվ|փետրվար փետրվարի փետ փտվ|մարտ մարտի մար մրտ|ապրիլ ապրիլի ապր|մայիս մայիսի մյս"
        "|հունիս հունիսի հնս|հուլիս հուլիսի հլս|օգոստոս օգոստոսի օգս|սեպտեմբեր սեպտեմբերի սեպ"
        "|հոկտեմբեր հոկտեմբերի հոկ|նոյեմբեր նոյեմբերի նոյ|դեկտեմբեր դեկտեմբերի դեկ",
        "երկուշաբթի երկ|երեքշաբթի երք|չորեքշաբթի չրք|հինգշաբթի հնգ|ուրբաթ ուրբ|շաբաթ շբթ|կիրակի կիր",
        "այսօր",
        "երեկ",
    ),
    "ka": Language(
        "იანვარი იანვარს იანვრის იან|თებერვალი თებერვალს თებერვლის თებ|მარტი მარტს მარტის მარ"
        "|აპრილი აპრილს აპრილის აპრ|მაისი მაისს მაისის მაი|ივნისი ივნისს ივნისის ივნ|ივლისი ივლისს ივლისის ივლ"
        "|აგვისტო აგვისტოს აგვ|სექტემბერი სექტემბერს სექტემბრის სექ|ოქტომბერი ოქტომბერს ოქტომბრის ოქტ"
        "|ნოემბერი ნოემბერს ნოემბრის ნოე|დეკემბერი დეკემბერს დეკემბრის დეკ",
        "ორშაბათი ორშ|სამშაბათი სამ|ოთხშაბათი ოთხ|ხუთშაბათი ხუთ|პარასკევი პარ|შაბათი შაბ|კვირა კვი",
        "დღეს",
        "გუშინ",
    ),
    "tr": Language(
        "ocak oca|şubat şub|mart mar|nisan nis|mayıs may|haziran haz|temmuz tem|ağustos ağu|eylül eyl|ekim eki"
        "|kasım kas|aralık ara",
        "pazartesi pzt|salı sal|çarşamba çar|perşembe per|cuma cum|cumartesi cmt|pazar paz",
        "bugün",
        "dün",
    ),
    "uk": Language(
        "січень січня січ|лютий лютого лют|березень березня берез бер|квітень квітня квіт|травень травня трав"
        "|червень червня черв|липень липня лип|серпень серпня серп|вересень вересня верес вер|жовтень жовтня жовт"
        "|листопад листопада листоп лист|грудень грудня груд",
        "понеділок пн|вівторок вт|середа середу ср|четвер чт|п'ятниця п'ятницю пт|субота суботу сб|неділя неділю нд",
        "сьогодні",
        "вчора учора",
    ),
    "kk": Language(
        "қаңтар қаң|ақпан ақп|наурыз нау|сәуір сәу|мамыр мам|маусым мау|шілде шіл|тамыз там|қыркүйек қыр|қазан қаз"
        "|қараша қар|желтоқсан жел",
        "дүйсенбі дс|сейсенбі сс|сәрсенбі ср|бейсенбі бс|жұма жм|сенбі сб|жексенбі жс",
        "бүгін",
        "кеше",
    ),
    "uz": Language(
        "yanvar yan январ янв|fevral fev феврал фев|mart mar март мар|aprel apr апрел апр|may май|iyun iyn июн"
        "|iyul iyl июл|avgust avg август авг|sentabr sentyabr sen сентабр сентябр сен|oktabr oktyabr okt октабр октябр"
        " окт|noyabr noy ноябр ноя|dekabr dek декабр дек",
        "dushanba dush душанба душ|seshanba sesh сешанба сеш|chorshanba chor чоршанба чор|payshanba pay пайшанба пай"
        "|juma jum жума жум|shanba shan шанба шан|yakshanba yak якшанба якш",
        "bugun бугун",
        "kecha кеча",
    ),
    "ky": Language(
        "январь янв|февраль фев|март мар|апрель апр|май|июнь июн|июль июл|август авг|сентябрь сен|октябрь окт"
        "|ноябрь ноя|декабрь дек",
        "дүйшөмбү|шейшемби|шаршемби|бейшемби|жума|ишемби|жекшемби",
        "бүгүн",
        "кечээ",
    ),
    "tg": Language(
        "январ янв|феврал фев|март мар|апрел апр|май|июн|июл|август авг|сентябр сен|октябр окт|ноябр ноя|декабр дек",
        "душанбе|сешанбе|чоршанбе|панҷшанбе|ҷумъа|шанбе|якшанбе",
        "имрӯз",
        "дирӯз",
    ),
    "tk": Language(
        "ýanwar ýan|fewral few|mart mar|aprel apr|maý|iýun|iýul|awgust awg|sentýabr sen|oktýabr okt|noýabr noý"
        "|dekabr dek",
        "duşenbe|sişenbe|çarşenbe|penşenbe|anna|şenbe|ýekşenbe",
        "şu_gün",
        "düýn",
    ),
    "fa": Language(
        "ژانویه|فوریه|مارس|آوریل آپریل|مه|ژوئن|ژوئیه جولای|اوت آگوست|سپتامبر|اکتبر|نوامبر|دسامبر",
        "دوشنبه دو_شنبه|سهشنبه سه_شنبه|چهارشنبه چهار_شنبه|پنجشنبه پنج_شنبه|جمعه|شنبه|یکشنبه یک_شنبه",
        "امروز",
        "دیروز",
        is_day_first=False,
    ),
    "prs": Language(
        "جنوری|فبروری|مارچ|اپریل|می|جون|جولای|اگست|سپتمبر|اکتوبر|نومبر|دسمبر",
        "دوشنبه|سه_شنبه|چهارشنبه|پنج_شنبه|جمعه|شنبه|یکشنبه",
        "امروز",
        "دیروز",
        is_day_first=False,
    ),
    "ur": Language(
        "جنوری|فروری|مارچ|اپریل|مئی|جون|جولائی|اگست|ستمبر|اکتوبر|نومبر|دسمبر",
        "پیر|منگل|بدھ|جمعرات|جمعہ|ہفتہ|اتوار",
        "آج",
        "",  # کل is yesterday and tomorrow
    ),
    "ar": Language(  # of Egypt, the Levant, the Maghreb
        "يناير كانون_الثاني جانفي|فبراير شباط فيفري|مارس آذار|أبريل إبريل نيسان أفريل|مايو أيار ماي|يونيو حزيران جوان"
        "|يوليو تموز جويلية يوليوز|أغسطس آب أوت غشت|سبتمبر أيلول شتنبر|أكتوبر تشرين_الأول|نوفمبر تشرين_الثاني نونبر"
        "|ديسمبر كانون_الأول دجنبر",
        "الاثنين الإثنين|الثلاثاء|الأربعاء الاربعاء|الخميس|الجمعة|السبت|الأحد",
        "اليوم",
        "أمس",
    ),
    "he": Language(
        "ינואר בינואר|פברואר בפברואר|מרץ במרץ מרס במרס|אפריל באפריל|מאי במאי|יוני ביוני|יולי ביולי|אוגוסט באוגוסט"
        "|ספטמבר בספטמבר|אוקטובר באוקטובר|נובמבר בנובמבר|דצמבר בדצמבר",
        "יום_שני|יום_שלישי|יום_רביעי|יום_חמישי|יום_שישי|יום_שבת שבת|יום_ראשון",
        "היום",
        "אתמול",
    ),
    "de": Language(
        "januar jänner jan|februar feb|märz mär|april apr|mai|juni jun|juli jul|august aug|september sept sep"
        "|oktober okt|november nov|dezember dez",
        "montag mo|dienstag di|mittwoch mi|donnerstag do|freitag fr|samstag sonnabend sa|sonntag so",
        "heute",
        "gestern",
    ),
    "fr": Language(
        "janvier janv|février févr fév|mars|avril avr|mai|juin|juillet juil|août|septembre sept|octobre oct"
        "|novembre nov|décembre déc",
        "lundi lun|mardi mar|mercredi mer|jeudi jeu|vendredi ven|samedi sam|dimanche dim",
        "aujourd'hui",
        "hier",
    ),
    "es": Language(
        "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|septiembre setiembre sept"
        " sep|octubre oct|noviembre nov|diciembre dic",
        "lunes lun|martes mar|miércoles mié|jueves jue|viernes vie|sábado sáb|domingo dom",
        "hoy",
        "ayer",
    ),
    "it": Language(
        "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|agosto ago|settembre sett set"
        "|ottobre ott|novembre nov|dicembre dic",
        "lunedì lun|martedì mar|mercoledì mer|giovedì gio|venerdì ven|sabato sab|domenica dom",
        "oggi",
        "ieri",
    ),
    "pt": Language(
        "janeiro jan|fevereiro fev|março mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set"
        "|outubro out|novembro nov|dezembro dez",
        "segunda-feira segunda seg|terça-feira terça ter|quarta-feira quarta qua|quinta-feira quinta qui"
        "|sexta-feira sexta sex|sábado sáb|domingo dom",
        "hoje",
        "ontem",
    ),
    "ca": Language(
        "gener gen|febrer febr|març|abril abr d'abril d'abr|maig|juny|juliol jul|agost ag d'agost d'ag|setembre set"
        "|octubre oct d'octubre d'oct|novembre nov|desembre des",
        "dilluns|dimarts|dimecres|dijous|divendres|dissabte|diumenge",
        "avui",
        "ahir",
    ),
    "gl": Language(
        "xaneiro xan|febreiro feb|marzo mar|abril abr|maio|xuño|xullo|agosto ago|setembro set|outubro out"
        "|novembro nov|decembro dec",
        "luns|martes|mércores|xoves|venres|sábado|domingo",
        "hoxe",
        "onte",
    ),
    "ro": Language(
        "ianuarie ian|februarie feb|martie mar|aprilie apr|mai|iunie iun|iulie iul|august aug|septembrie sept"
        "|octombrie oct|noiembrie nov|decembrie dec",
        "luni lun|marți marţi mar|miercuri mie|joi|vineri vin|sâmbătă sîmbătă sâm|duminică dum",
        "astăzi azi",
        "ieri",
    ),
    "pl": Language(
        "styczeń stycznia sty|luty lutego lut|marzec marca mar|kwiecień kwietnia kwi|maj maja|czerwiec czerwca cze"
        "|lipiec lipca lip|sierpień sierpnia sie|wrzesień września wrz|październik października paź|listopad listopada"
        " lis|grudzień grudnia gru",
        "poniedziałek pon pn|wtorek wt|środa środę śr|czwartek czw|piątek pt|sobota sobotę sob"
        "|niedziela niedzielę niedz nd",
        "dzisiaj dziś",
        "wczoraj",
    ),
    "cs": Language(
        "leden ledna led|únor února úno|březen března bře|duben dubna dub|květen května kvě|červen června čvn"
        "|červenec července čvc|srpen srpna srp|září zář|říjen října říj|listopad listopadu lis|prosinec prosince pro",
        "pondělí po|úterý út|středa st|čtvrtek čt|pátek pá|sobota so|neděle ne",
        "dnes",
        "včera",
    ),
    "sk": Language(
        "január januára jan|február februára feb|marec marca mar|apríl apríla apr|máj mája|jún júna|júl júla"
        "|august augusta aug|september septembra sep|október októbra okt|november novembra nov|december decembra dec",
        "pondelok po|utorok ut|streda st|štvrtok št|piatok pi|sobota so|nedeľa ne",
        "dnes",
        "včera",
    ),
    "hu": Language(
        "január jan|február febr|március márc|április ápr|május máj|június jún|július júl|augusztus aug"
        "|szeptember szept|október okt|november nov|december dec",
        "hétfő|kedd|szerda|csütörtök|péntek|szombat|vasárnap",
        "",  # `ma` is a weekday in Dutch and Finnish
        "tegnap",
        is_day_first=False,
    ),
    "bg": Language(
        "януари яну|февруари фев|март мар|април апр|май|юни|юли|август авг|септември сеп|октомври окт|ноември ное"
        "|декември дек",
        "понеделник пн|вторник вт|сряда ср|четвъртък чт|петък пт|събота сб|неделя нд",
        "днес",
        "вчера",
    ),
    "mk": Language(
        "јануари јан|февруари фев|март мар|април апр|мај|јуни јун|јули јул|август авг|септември сеп|октомври окт"
        "|ноември ное|декември дек",
        "понеделник|вторник|среда|четврток|петок|сабота|недела",
        "денес",
        "вчера",
    ),
    "sr": Language(
        "januar jan јануар јан|februar feb фебруар феб|mart mar март мар|april apr април апр|maj мај|jun juni јун јуни"
        "|jul juli јул јули|avgust avg август авг|septembar sept sep септембар сеп|oktobar okt октобар окт"
        "|novembar nov новембар нов|decembar dec децембар дец",
        "ponedeljak ponedjeljak понедељак понедјељак|utorak уторак"
        "|sreda srijeda среда сриједа|četvrtak четвртак|petak петак"
        "|subota субота|nedelja nedjelja недеља недјеља",
        "danas данас",
        "juče јуче",
    ),
    "hr": Language(
        "siječanj siječnja sij|veljača veljače velj|ožujak ožujka ožu|travanj travnja tra|svibanj svibnja svi"
        "|lipanj lipnja lip|srpanj srpnja srp|kolovoz kolovoza kol|rujan rujna ruj|listopad listopada lis"
        "|studeni studenog studenoga stu|prosinac prosinca pro",
        "ponedjeljak pon|utorak uto|srijeda sri|četvrtak čet|petak pet|subota sub|nedjelja ned",
        "danas",
        "jučer",
    ),
    "sl": Language(
        "januar januarja jan|februar februarja feb|marec marca mar|april aprila apr|maj maja|junij junija jun"
        "|julij julija jul|avgust avgusta avg|september septembra sep|oktober oktobra okt|november novembra nov"
        "|december decembra dec",
        "ponedeljek|torek|sreda|četrtek|petek|sobota|nedelja",
        "danes",
        "včeraj",
    ),
    "be": Language(
        "студзень студзеня студ|люты лютага|сакавік сакавіка сак|красавік красавіка крас|травень траўня мая май"
        "|чэрвень чэрвеня чэр|ліпень ліпеня ліп|жнівень жніўня жні|верасень верасня вер|кастрычнік кастрычніка кас"
        "|лістапад лістапада ліс|снежань снежня сне",
        "панядзелак пн|аўторак аў|серада ср|чацвер чц|пятніца пт|субота сб|нядзеля нд",
        "сёння",
        "учора",
    ),
    "el": Language(
        "ιανουάριος ιανουαρίου ιαν|φεβρουάριος φεβρουαρίου φεβ|μάρτιος μαρτίου μάρ|απρίλιος απριλίου απρ"
        "|μάιος μαΐου μαϊου μαΐ μαϊ μάι|ιούνιος ιουνίου ιούν|ιούλιος ιουλίου ιούλ|αύγουστος αυγούστου αύγ"
        "|σεπτέμβριος σεπτεμβρίου σεπ|οκτώβριος οκτωβρίου οκτ|νοέμβριος νοεμβρίου νοέ|δεκέμβριος δεκεμβρίου δεκ",
        "δευτέρα δευ|τρίτη τρί|τετάρτη τετ|πέμπτη πέμ|παρασκευή παρ|σάββατο σάβ|κυριακή κυρ",
        "σήμερα",
        "χθες χτες εχθές",
    ),
    "nl": Language(
        "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|september sept sep"
        "|oktober okt|november nov|december dec",
        "maandag ma|dinsdag di|woensdag wo|donderdag do|vrijdag vr|zaterdag za|zondag zo",
        "vandaag",
        "gisteren",
    ),
    "sv": Language(
        "januari jan|februari feb|mars mar|april apr|maj|juni jun|juli jul|augusti aug|september sept sep|oktober okt"
        "|november nov|december dec",
        "måndag mån|tisdag tis|onsdag ons|torsdag tors tor|fredag fre|lördag lör|söndag sön",
        "idag i_dag",
        "igår i_går",
    ),
    "nb": Language(  # and Danish
        "januar jan|februar feb|mars marts mar|april apr|mai maj|juni jun|juli jul|august aug|september sept sep"
        "|oktober okt|november nov|desember december des dec",
        "mandag man|tirsdag tirs tir|onsdag ons|torsdag tors tor|fredag fre|lørdag lør|søndag søn",
        "i_dag idag",
        "i_går igår",
    ),
    "is": Language(
        "janúar jan|febrúar feb|mars mar|apríl apr|maí|júní jún|júlí júl|ágúst ágú|september sept|október okt"
        "|nóvember nóv|desember des",
        "mánudagur|þriðjudagur|miðvikudagur|fimmtudagur|föstudagur|laugardagur|sunnudagur",
        "í_dag",
        "í_gær",
    ),
    "fi": Language(
        "tammikuu tammikuuta|helmikuu helmikuuta|maaliskuu maaliskuuta|huhtikuu huhtikuuta|toukokuu toukokuuta"
        "|kesäkuu kesäkuuta|heinäkuu heinäkuuta|elokuu elokuuta|syyskuu syyskuuta|lokakuu lokakuuta"
        "|marraskuu marraskuuta|joulukuu joulukuuta",
        "maanantai maanantaina ma|tiistai tiistaina ti|keskiviikko keskiviikkona ke|torstai torstaina to"
        "|perjantai perjantaina pe|lauantai lauantaina la|sunnuntai sunnuntaina su",
        "tänään",
        "eilen",
    ),
    "et": Language(
        "jaanuar jaan|veebruar veebr|märts|aprill apr|mai|juuni|juuli|august aug|september sept|oktoober okt"
        "|november nov|detsember dets",
        "esmaspäev|teisipäev|kolmapäev|neljapäev|reede|laupäev|pühapäev",
        "täna",
        "eile",
    ),
    "lv": Language(
        "janvāris janvārī janv|februāris februārī febr|marts martā|aprīlis aprīlī apr|maijs maijā|jūnijs jūnijā jūn"
        "|jūlijs jūlijā jūl|augusts augustā aug|septembris septembrī sept|oktobris oktobrī okt|novembris novembrī nov"
        "|decembris decembrī dec",
        "pirmdiena|otrdiena|trešdiena|ceturtdiena|piektdiena|sestdiena|svētdiena",
        "šodien",
        "vakar",
    ),
    "lt": Language(
        "sausis sausio|vasaris vasario|kovas kovo|balandis balandžio|gegužė gegužės|birželis birželio|liepa liepos"
        "|rugpjūtis rugpjūčio|rugsėjis rugsėjo|spalis spalio|lapkritis lapkričio|gruodis gruodžio",
        "pirmadienis|antradienis|trečiadienis|ketvirtadienis|penktadienis|šeštadienis|sekmadienis",
        "šiandien",
        "vakar",
        is_day_first=False,
    ),
    "sq": Language(
        "janar jan|shkurt shk|mars mar|prill pri|maj|qershor qer|korrik korr|gusht gush|shtator sht|tetor tet"
        "|nëntor nën|dhjetor dhj",
        "e_hënë|e_martë|e_mërkurë|e_enjte|e_premte|e_shtunë|e_diel",
        "sot",
        "dje",
    ),
    "id": Language(  # and Malay
        "januari jan|februari feb|maret mac mar|april apr|mei|juni jun|juli julai jul|agustus ogos agu"
        "|september sep"
        "|oktober okt|november nov|desember disember des",
        "senin isnin|selasa|rabu|kamis khamis|jumat jumaat|sabtu|minggu ahad",
        "hari_ini",
        "kemarin",
    ),
    "vi": Language(
        "|".join(f"tháng_{month} thg_{month} tháng_{month:02}" for month in range(1, 13)),
        "thứ_hai|thứ_ba|thứ_tư|thứ_năm|thứ_sáu|thứ_bảy|chủ_nhật",
        "hôm_nay",
        "hôm_qua",
    ),
    "zh": Language(
        "",
        "星期一 周一|星期二 周二|星期三 周三|星期四 周四|星期五 周五|星期六 周六|星期日 星期天 周日",
        "今天",
        "昨天",
        is_day_first=False,
    ),
    "ja": Language(
        "", "月曜日 月|火曜日 火|水曜日 水|木曜日 木|金曜日 金|土曜日 土|日曜日 日", "今日", "昨日", is_day_first=False
    ),
    "ko": Language(
        "", "월요일 월|화요일 화|수요일 수|목요일 목|금요일 금|토요일 토|일요일 일", "오늘", "어제", is_day_first=False
    ),
}
"""By ISO 639 code."""

SAME_WORDS: Mapping[str, str] = {"da": "nb", "nn": "nb", "no": "nb", "ms": "id", "bs": "sr"}
"""Languages whose words and order are those of another."""

DAY_FIRST_REGIONS = frozenset({"en-gb", "en-ie", "en-au", "en-nz", "en-in", "en-za", "en-ng", "en-ke"})
"""Language tags that settle 5/6/2026 as 5 June where the language alone does not."""

MONTH_FIRST_REGIONS = frozenset({"en-us"})
UNSETTLED_REGIONS = frozenset({"es-us", "es-pr", "es-pa", "fr-ca"})
"""Language tags in which both orders are printed though the language has one."""

# Only labels of publication: a date after "updated" is another one.
PUBLISHED = (
    "published publication_date date_published posted dated date опубликовано опубликована размещено дата"
    " дата_публикации tarix yayınlanma yayın_tarihi yayınlanma_tarihi tarih dərc_edilib dərc_olunub"
    " опубліковано опублікована дата_публікації жарияланды жарияланған joylandi e'lon_qilingan жойланди"
    " հրապարակվել_է հրապարակված_է გამოქვეყნდა გამოქვეყნებულია veröffentlicht publié publicado publicada fecha"
    " fecha_de_publicación data pubblicato opublikowano data_publikacji dodano publicat data_publicării δημοσίευση"
    " δημοσιεύτηκε δημοσιεύθηκε gepubliceerd publicerad publicerat publisert udgivet julkaistu zveřejněno publikováno"
    " zverejnené публикувано публикувана објављено objavljeno апублікавана paskelbta publicēts avaldatud publikuar"
    " نشر نشر_في تم_نشره تم_النشر تاريخ_النشر التاريخ منتشر_شده تاریخ_انتشار diterbitkan"
    " 发布时间 公開日 掲載日 입력 등록"
)
"""Labels of publication, which may stand before a date."""

UPDATED = (
    "updated update last_updated modified last_modified edited revised corrected обновлено обновлена обновление"
    " изменено отредактировано исправлено yenilənib redaktə_edilib güncellendi güncelleme güncellenme son_güncelleme"
    " оновлено оновлена змінено жаңартылды жаңартылған yangilandi yangilangan янгиланди թարմացվել_է թարմացված_է"
    " განახლდა განახლებულია aktualisiert zuletzt_aktualisiert letztes_update akt geändert mis_à_jour mise_à_jour"
    " modifié actualisé actualizado actualizada modificado modificada modifica atualizado atualizada aggiornato"
    " aggiornata aggiornamento modificato aktualizacja zaktualizowano aktualizováno aktualizované upraveno actualizat"
    " modificat ενημερώθηκε ενημέρωση τελευταία_ενημέρωση bijgewerkt aangepast gewijzigd uppdaterad uppdaterat"
    " oppdatert opdateret päivitetty muokattu обновено обновена ажурирано ažurirano izmijenjeno posodobljeno абноўлена"
    " atnaujinta atjaunots uuendatud përditësuar עודכן تحديث آخر_تحديث محدثة بروزرسانی diperbarui cập_nhật"
    " 更新 更新时间 수정"
)
"""Labels of another date than that of publication."""

BEFORE_DAY = "on den le el il lo am vom del dne dia día em på ngày tanggal dnia"
AFTER_DAY = "st nd rd th er o го е én án d"
BETWEEN: Mapping[str, frozenset[str]] = {
    "of": frozenset({"en"}),
    "de": frozenset({"es", "pt", "ca", "gl"}),
    "del": frozenset({"es", "ca"}),
}
"""Words between day, month and year, with the languages of the month: "7 out of 2000" is no October."""

AFTER_YEAR = (
    "г год года году il ildə ci cü cu р рік року r roku rok ж жыл жылы жылғы yil yili йил йили թ թվական թվականի"
    " წ წელი წლის წელს yıl yılı g god година године gada m metų év م میلادی"
)
BEFORE_TIME = (
    "at в во saat saatı о об у um gegen à a las ore ora alle às as om kl klo u ob v ve o godz godzina στις ժամը ժ"
    " soat соат сағат ساعت الساعة lúc pukul jam kell plkst val"
)
