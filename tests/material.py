"""Documents to test with: a German text about energy, written for this purpose, and the PDF made of it."""

from pathlib import Path

ENERGY_TEXT = """\
# Energie und Arbeit

Energie ist die Fähigkeit eines Körpers, Arbeit zu verrichten, Wärme abzugeben oder Licht auszusenden. Sie
begegnet uns in vielen Formen: als Bewegungsenergie eines fahrenden Zuges, als Höhenenergie des Wassers in einem
Stausee, als chemische Energie in Holz und Erdöl oder als elektrische Energie aus der Steckdose.

Mechanische Arbeit ist das Produkt aus der Kraft in Wegrichtung und dem zurückgelegten Weg. Wer einen Koffer mit
der Masse zwanzig Kilogramm einen Meter hochhebt, verrichtet eine Hubarbeit von etwa zweihundert Joule. Trägt
man den Koffer danach waagerecht über den Bahnsteig, so wird am Koffer keine Arbeit verrichtet, obwohl der Arm
müde wird, denn die Kraft steht senkrecht zum Weg.

Die Einheit der Energie ist das Joule. Ein Joule entspricht der Arbeit, die eine Kraft von einem Newton längs
eines Weges von einem Meter verrichtet. Im Alltag ist die Kilowattstunde gebräuchlicher: Eine Kilowattstunde
sind 3,6 Millionen Joule. Auf Lebensmitteln stehen Kilojoule und daneben oft noch die alte Einheit Kilokalorie.

Bewegungsenergie heißt auch kinetische Energie. Sie wächst mit dem Quadrat der Geschwindigkeit: Ein Auto, das
doppelt so schnell fährt, hat die vierfache Bewegungsenergie und braucht deshalb bei einer Vollbremsung etwa den
vierfachen Bremsweg. Höhenenergie heißt auch potentielle Energie der Lage. Sie ist umso größer, je schwerer ein
Körper ist und je höher er liegt.

Spannenergie ist die Energie, die in einem verformten elastischen Körper steckt, zum Beispiel in einer
gespannten Feder oder in der Sehne eines Bogens. Beim Loslassen geht sie in Bewegungsenergie über.

# Die Erhaltung der Energie

Der Energieerhaltungssatz ist einer der wichtigsten Sätze der Physik: In einem abgeschlossenen System bleibt die
gesamte Energie gleich. Energie kann nicht erzeugt und nicht vernichtet werden, sie wird nur von einer Form in
eine andere umgewandelt oder von einem Körper auf einen anderen übertragen.

Ein abgeschlossenes System ist ein System, das weder Energie noch Stoff mit seiner Umgebung austauscht. In der
Wirklichkeit gibt es das nur näherungsweise; eine gut verschlossene Thermoskanne kommt ihm für kurze Zeit recht
nahe.

Ein Pendel zeigt die Umwandlung besonders schön. Im höchsten Punkt hat die Kugel nur Höhenenergie, im tiefsten
Punkt nur Bewegungsenergie. Ohne Reibung würde sie ewig schwingen. Tatsächlich wird bei jedem Durchgang ein
kleiner Teil der Energie durch den Luftwiderstand in innere Energie der Luft umgewandelt, und das Pendel kommt
allmählich zur Ruhe.

Ein Perpetuum mobile ist eine erdachte Maschine, die ohne Zufuhr von Energie dauernd Arbeit verrichtet. Nach dem
Energieerhaltungssatz kann es eine solche Maschine nicht geben. Die Pariser Akademie der Wissenschaften nimmt
deshalb schon seit 1775 keine Vorschläge dafür mehr an.

Reibung ist eine Kraft, die eine Bewegung hemmt, wenn sich zwei Körper berühren. Durch Reibung geht keine
Energie verloren, aber sie verteilt sich als Wärme in der Umgebung und lässt sich danach kaum noch nutzen. Man
nennt diesen Vorgang Entwertung der Energie.

# Leistung und Wirkungsgrad

Leistung ist die Energie, die in einer bestimmten Zeit umgewandelt wird, geteilt durch diese Zeit. Ihre Einheit
ist das Watt: Ein Watt ist ein Joule je Sekunde. Ein Mensch leistet beim Treppensteigen auf Dauer etwa
einhundert Watt, ein Wasserkocher zweitausend Watt, ein großes Windrad mehrere Millionen Watt.

Der Wirkungsgrad ist das Verhältnis von nutzbarer zu zugeführter Energie. Er liegt immer zwischen null und eins
und wird meist in Prozent angegeben. Eine Glühlampe wandelt nur etwa fünf Prozent der elektrischen Energie in
Licht um, eine Leuchtdiode dagegen vierzig Prozent und mehr.

Ein Elektromotor erreicht einen Wirkungsgrad von über neunzig Prozent. Ein Dieselmotor kommt auf etwa vierzig
Prozent, weil ein großer Teil der Energie des Kraftstoffs als Wärme über Kühler und Auspuff verlorengeht. Werden
mehrere Maschinen hintereinandergeschaltet, so multiplizieren sich ihre Wirkungsgrade.

Das Pferd war lange das Maß für die Leistung von Maschinen. Eine Pferdestärke entspricht ungefähr 735 Watt.
James Watt verglich damit im 18. Jahrhundert seine Dampfmaschinen mit den Pferden, die sie in den Bergwerken
ersetzen sollten.

# Wärme und innere Energie

Innere Energie ist die gesamte Energie der ungeordneten Bewegung aller Teilchen eines Körpers und der Kräfte
zwischen ihnen. Wird ein Körper erwärmt, so bewegen sich seine Teilchen heftiger, und seine innere Energie
steigt.

Wärme ist Energie, die von einem heißeren auf einen kälteren Körper übergeht. Von selbst fließt sie nie in der
umgekehrten Richtung. Ein Kühlschrank muss deshalb elektrische Energie aufwenden, um Wärme aus seinem kalten
Innenraum in die wärmere Küche zu befördern.

Die Temperatur ist ein Maß für die mittlere Bewegungsenergie der Teilchen. Sie wird in Grad Celsius oder in
Kelvin gemessen. Der absolute Nullpunkt liegt bei minus 273,15 Grad Celsius; tiefer kann keine Temperatur
sinken.

Wärmeleitung ist der Transport von Wärme durch einen Stoff hindurch, ohne dass der Stoff selbst wandert. Metalle
leiten Wärme gut, Luft und Wolle leiten sie schlecht. Deshalb fühlt sich ein Metallgeländer im Winter kälter an
als ein Holzgeländer, obwohl beide dieselbe Temperatur haben.

Wärmeströmung heißt auch Konvektion. Dabei wird die Wärme mit dem Stoff zusammen befördert, etwa mit dem Wasser
einer Heizung oder mit der Luft über einer Kerze. Wärmestrahlung braucht keinen Stoff: Die Sonne wärmt uns durch
den leeren Weltraum hindurch.

Wasser hat eine besonders große spezifische Wärmekapazität. Um ein Kilogramm Wasser um ein Grad zu erwärmen,
braucht man etwa 4,2 Kilojoule. Darum kühlen große Seen im Herbst nur langsam ab und mildern das Klima ihrer
Umgebung.

# Elektrische Energie

Elektrischer Strom ist die gerichtete Bewegung von Ladungsträgern. In Metallen sind das Elektronen, in
Flüssigkeiten Ionen. Die Stromstärke wird in Ampere gemessen, die elektrische Spannung in Volt.

Die elektrische Leistung ist das Produkt aus Spannung und Stromstärke. Ein Gerät, das an 230 Volt einen Strom
von zehn Ampere aufnimmt, hat eine Leistung von 2300 Watt. Läuft es eine Stunde lang, so wandelt es 2,3
Kilowattstunden um.

Der elektrische Widerstand ist das Verhältnis von Spannung zu Stromstärke. Seine Einheit ist das Ohm. Ein
dünner, langer Draht hat einen größeren Widerstand als ein dicker, kurzer Draht aus demselben Stoff.

Ein Generator wandelt Bewegungsenergie in elektrische Energie um. Er besteht aus einem Magneten und einer Spule,
die sich gegeneinander drehen. Michael Faraday entdeckte 1831, dass dabei in der Spule eine Spannung entsteht.
Dieser Vorgang heißt elektromagnetische Induktion.

Ein Transformator ändert die Höhe einer Wechselspannung. Strom wird mit hoher Spannung über weite Strecken
übertragen, weil dann bei gleicher Leistung weniger Strom fließt und die Leitungen weniger Wärme abgeben.

# Erneuerbare Energien

Erneuerbare Energien sind Energiequellen, die nach menschlichem Maß unerschöpflich sind oder sich rasch
erneuern. Dazu gehören Sonne, Wind, Wasser, Erdwärme und Biomasse. Kohle, Erdöl und Erdgas sind dagegen fossile
Energieträger: Sie entstanden vor Millionen Jahren aus Pflanzen und Tieren und wachsen nicht nach.

Eine Solarzelle wandelt Sonnenlicht unmittelbar in elektrische Energie um. Übliche Module aus Silizium haben
einen Wirkungsgrad von etwa zwanzig Prozent. Ein Sonnenkollektor erwärmt dagegen Wasser für Heizung und Dusche.

Ein Windrad entnimmt der strömenden Luft Bewegungsenergie. Seine Leistung wächst mit der dritten Potenz der
Windgeschwindigkeit. Höchstens 59 Prozent der Energie des Windes lassen sich nutzen; diese Grenze heißt
Betzsches Gesetz.

Ein Wasserkraftwerk nutzt die Höhenenergie von gestautem Wasser. Das Wasser strömt durch Rohre abwärts, treibt
eine Turbine an und diese einen Generator. Wasserkraft liefert weltweit mehr Strom als jede andere erneuerbare
Quelle.

Der Treibhauseffekt ist die Erwärmung der Erdoberfläche durch Gase, die das Sonnenlicht durchlassen, die
Wärmestrahlung der Erde aber zum Teil zurückhalten. Ohne den natürlichen Treibhauseffekt wäre es auf der Erde im
Mittel etwa minus achtzehn Grad Celsius kalt. Kohlendioxid aus fossilen Brennstoffen verstärkt ihn.

# Speicher und Netze

Ein Pumpspeicherkraftwerk speichert überschüssigen Strom, indem es Wasser in ein höher gelegenes Becken pumpt.
Wird Strom gebraucht, so fließt das Wasser durch Turbinen wieder hinab. Von der eingesetzten Energie bleiben
etwa achtzig Prozent nutzbar.

Ein Akkumulator ist ein Speicher, der elektrische Energie in chemischer Form aufnimmt und wieder abgibt.
Lithium-Ionen-Akkus speichern viel Energie bei geringer Masse und werden deshalb in Telefonen und Autos
verwendet.

Grüner Wasserstoff ist Wasserstoff, der durch Elektrolyse mit Strom aus erneuerbaren Quellen gewonnen wird. Er
lässt sich lange lagern und kann in einer Brennstoffzelle wieder Strom liefern. Auf dem Weg gehen allerdings
mehr als zwei Drittel der Energie als Wärme verloren.

Die Grundlast ist die Leistung, die in einem Stromnetz zu keiner Zeit unterschritten wird. Die Netzfrequenz
beträgt in Europa fünfzig Hertz. Sie sinkt, wenn mehr Leistung entnommen als eingespeist wird, und muss in engen
Grenzen gehalten werden.

Energiesparen bleibt die einfachste Quelle. Eine gute Wärmedämmung senkt den Heizbedarf eines alten Hauses auf
weniger als die Hälfte, und wer kurze Wege mit dem Fahrrad fährt, braucht dafür etwa ein Fünfzigstel der
Energie, die ein Auto verbraucht.
"""


def energy_chapters() -> list[tuple[str, list[str]]]:
    """The text's chapters: title and paragraphs, each paragraph on one line."""
    chapters = []
    for chapter in ENERGY_TEXT.removeprefix("# ").split("\n# "):
        title, *paragraphs = chapter.strip().split("\n\n")
        chapters.append((title, [" ".join(paragraph.split()) for paragraph in paragraphs]))
    return chapters


def write_energy_pdf(path: Path) -> Path:
    """The text as a PDF, one chapter a page, with headings and umlauts as a word processor would write them."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer

    styles = getSampleStyleSheet()
    story: list[Flowable] = []
    for title, paragraphs in energy_chapters():
        story.append(Paragraph(title, styles["Heading1"]))
        for paragraph in paragraphs:
            story += [Paragraph(paragraph, styles["BodyText"]), Spacer(1, 8)]
        story.append(PageBreak())
    SimpleDocTemplate(str(path), pagesize=A4, title="Energie").build(story)
    return path
