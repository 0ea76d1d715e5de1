"""Airlines: where they are at home and what they fly.

Codes, home countries, registration prefixes and hubs are public facts; the fleets name each
airline's main types with rough shares, and the weight is a rough share of the world's flights.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carrier:
    """One airline, by its IATA code."""

    iata: str
    country: str
    prefix: str
    """Registration prefix of its aircraft."""
    weight: float
    hubs: tuple[str, ...]
    fleet: tuple[tuple[str, float], ...]
    """Aircraft type and share."""


_LISTED = """
6E IN VT  10 DEL,BOM,BLR,HYD,MAA,CCU,AMD A20N:5,A21N:3,A320:2,AT76:2
AI IN VT   6 DEL,BOM,BLR                 A20N:4,A320:2,A21N:2,B788:1,B77W:1
IX IN VT   4 COK,BLR,DEL,HYD             B38M:3,B738:2,A320:2
QP IN VT   2 BOM,BLR,AMD                 B38M:1
SG IN VT   2 DEL,HYD,BOM                 B738:3,B38M:1,DH8D:1
UL LK 4R   1 CMB                         A320:2,A20N:1,A333:1
BG BD S2   1 DAC                         B738:2,B788:1
PK PK AP   1 KHI,ISB,LHE                 A320:2,B77W:1
EK AE A6   5 DXB                         B77W:4,A388:2,A359:1
FZ AE A6   3 DXB                         B38M:3,B738:1
EY AE A6   3 AUH                         A320:2,B789:3,A359:1
G9 AE A6   2 SHJ                         A320:3,A21N:1
3L AE A6   1 AUH                         A320:1
QR QA A7   5 DOH                         A320:2,B77W:2,A359:2,B789:1
WY OM A4O  1 MCT                         B38M:2,B789:1
KU KW 9K   1 KWI                         A20N:2,B77W:1
J9 KW 9K   1 KWI                         A20N:1
GF BH A9C  1 BAH                         A20N:2,B789:1
SV SA HZ   4 JED,RUH                     A320:3,A333:2,B77W:1
XY SA HZ   2 RUH,JED                     A20N:1
TK TR TC   7 IST                         A21N:3,B38M:2,B738:2,A333:2,B77W:1,A359:1
PC TR TC   3 SAW                         A20N:3,A21N:2
LY IL 4X   1 TLV                         B738:2,B789:1
MS EG SU   2 CAI                         B738:2,A20N:1,B789:1
RJ JO JY   1 AMM                         A320:2,B788:1
ET ET ET   2 ADD                         B738:2,B38M:1,A359:1,B788:1
KQ KE 5Y   1 NBO                         E190:2,B738:1,B788:1
AT MA CN   1 CMN                         B738:3,B788:1
SA ZA ZS   1 JNB                         A320:2,A333:1
FA ZA ZS   1 JNB,CPT                     B738:1
LH DE D    6 FRA,MUC                     A320:3,A20N:2,A321:2,A319:1,A359:1,A333:1
EW DE D    3 DUS,CGN,HAM,BER,STR         A320:2,A319:1
CL DE D    1 FRA,MUC                     E190:1,CRJ9:1
BA GB G    5 LHR,LGW                     A320:3,A319:1,A20N:2,B77W:1,B789:1
VS GB G    1 LHR,MAN                     A333:1,B789:1,A359:1
U2 GB G    7 LGW,LTN,MAN,BRS,EDI         A320:3,A20N:2,A319:2
LS GB G    2 MAN,STN,BHX,GLA             B738:2,A21N:1
FR IE EI   9 DUB,STN,BGY,CGN,BCN,KRK     B738:4,B38M:2
EI IE EI   2 DUB                         A320:3,A20N:1,A333:1
AF FR F    5 CDG,ORY                     A320:3,BCS3:2,E190:2,A359:1,B77W:1
TO FR F    2 ORY,NTE,LYS                 B738:2,A20N:1
KL NL PH   4 AMS                         B738:3,E190:3,A332:1,B789:1
HV NL PH   1 AMS                         B738:2,A21N:1
SN BE OO   2 BRU                         A319:2,A320:2,A333:1
LX CH HB   3 ZRH,GVA                     BCS3:3,A320:2,A333:1,B77W:1
OS AT OE   2 VIE                         A320:3,E195:2,B788:1
IB ES EC   4 MAD                         A320:3,A20N:2,A333:1,A359:1
VY ES EC   4 BCN,BIO,SVQ                 A320:3,A20N:2,A321:1
UX ES EC   1 MAD,PMI                     B738:2,B789:1
TP PT CS   2 LIS,OPO                     A20N:2,A320:1,A21N:1,A333:1
AZ IT EI   2 FCO,LIN                     A320:2,BCS3:1,A333:1
W6 HU HA   4 BUD,OTP,WAW,SOF,TIA         A21N:3,A320:2
LO PL SP   2 WAW                         E195:2,E75L:1,B38M:2,B789:1
OK CZ OK   1 PRG                         A320:1,BCS3:1
RO RO YR   1 OTP                         B738:1,AT76:1
A3 GR SX   2 ATH,SKG                     A20N:2,A320:2,AT76:1
SK DK OY   4 CPH,ARN,OSL                 A20N:3,A320:1,CRJ9:1,A333:1
DY NO LN   3 OSL,BGO,TRD                 B738:2,B38M:1
AY FI OH   2 HEL                         A320:2,E190:1,A359:1
FI IS TF   1 KEF                         B38M:2,A21N:1
BT LV YL   1 RIX                         BCS3:1
JU RS YU   1 BEG                         A320:1,AT76:1
DL US N   10 ATL,DTW,MSP,SLC,JFK,LAX,SEA,BOS A321:3,B738:3,A320:1,BCS3:1,E75L:2,A333:1,A359:1
AA US N   10 DFW,CLT,MIA,ORD,PHX,PHL,DCA,LAX A321:3,B738:4,E75L:2,A319:1,B788:1,B77W:1
UA US N    9 ORD,DEN,IAH,EWR,SFO,IAD,LAX B738:3,B38M:2,A320:1,E75L:2,B789:1,B77W:1
WN US N    9 MDW,DEN,LAS,BWI,PHX,MCO B738:3,B38M:3
B6 US N    3 JFK,BOS,FLL,MCO             A320:3,A21N:2,BCS3:1
AS US N    3 SEA,PDX,ANC,SFO             B738:2,B38M:2,E75L:1
NK US N    3 FLL,LAS,DTW,MCO             A320:1,A20N:2,A321:1
F9 US N    2 DEN,MCO,LAS                 A20N:2,A21N:1
OO US N    4 SLC,DEN,ORD,LAX             E75L:3,CRJ9:1
HA US N    1 HNL                         A21N:1,A332:1
AC CA C    4 YYZ,YUL,YVR                 B38M:2,BCS3:2,A321:1,E75L:1,B789:1,B77W:1
WS CA C    2 YYC,YYZ                     B738:1,B38M:1,DH8D:1,B789:1
AM MX XA   2 MEX,MTY                     B38M:2,B738:1,E190:1,B789:1
Y4 MX XA   3 GDL,MEX,TIJ                 A20N:2,A21N:1
VB MX XA   2 MTY,MEX                     A20N:1,A21N:1
CM PA HP   2 PTY                         B738:2,B38M:1
AV CO N    3 BOG,MDE                     A320:2,A20N:2,B788:1
LA CL CC   4 SCL,LIM                     A320:3,A321:1,B789:1
JJ BR PR   3 GRU,BSB,CGH                 A320:2,A321:2,B77W:1
G3 BR PR   3 CGH,GIG,BSB                 B738:2,B38M:1
AD BR PR   2 CNF,REC                     E195:2,A20N:2,AT76:1
AR AR LV   2 AEP,EZE                     B738:2,E190:1,A332:1
SQ SG 9V   3 SIN                         A359:3,B38M:2,B77W:1,A388:1
TR SG 9V   2 SIN                         A20N:3,A320:1,B788:1
MH MY 9M   2 KUL                         B738:3,A333:1,A359:1
AK MY 9M   4 KUL,BKI,PEN                 A320:2,A20N:1
TG TH HS   2 BKK                         A320:2,A359:1,B77W:1
FD TH HS   3 DMK,HKT                     A320:2,A20N:1
VN VN VN   3 HAN,SGN                     A321:3,A21N:1,A359:1,B789:1
VJ VN VN   3 SGN,HAN                     A320:1,A321:2
GA ID PK   2 CGK                         B738:3,A333:1,B77W:1
JT ID PK   4 CGK,SUB,UPG                 B738:3,A333:1
QG ID PK   2 CGK,SUB                     A320:2,A20N:1
PR PH RP   2 MNL                         A321:2,A333:1,B77W:1
5J PH RP   3 MNL,CEB                     A320:2,A20N:1,AT76:1
CX HK B    3 HKG                         A333:2,A359:2,A21N:1,B77W:1
UO HK B    1 HKG                         A320:1,A21N:1
CI TW B    2 TPE                         A21N:1,A333:1,A359:1,B77W:1
BR TW B    2 TPE                         A321:2,B77W:1,B789:1
CA CN B    7 PEK,CTU,TFU,PVG             A320:2,A321:2,B738:3,A333:1,B77W:1
MU CN B    8 PVG,SHA,KMG,XIY             A320:4,A321:1,B738:2,A333:1,B77W:1
CZ CN B    8 CAN,PKX,URC                 A320:2,A321:3,B738:3,A333:1,B77W:1
HU CN B    3 HAK,PEK,SZX                 B738:3,A333:1,B789:1
ZH CN B    3 SZX,CAN                     A320:2,B738:2
KE KR HL   3 ICN,GMP,CJU                 A21N:2,B738:2,A333:1,B77W:1
OZ KR HL   2 ICN,GMP                     A321:2,A333:1,A359:1
7C KR HL   2 GMP,CJU,ICN                 B738:1
NH JP JA   5 HND,NRT,ITM                 A21N:1,B738:3,B788:3,B789:2,B77W:1
JL JP JA   4 HND,NRT,ITM                 B738:3,B788:2,A359:2
BC JP JA   1 HND,FUK                     B738:1
QF AU VH   4 SYD,MEL,BNE,PER             B738:4,A333:1,B789:1,A388:1
JQ AU VH   2 MEL,SYD,OOL                 A320:3,A21N:1,B788:1
VA AU VH   2 BNE,MEL,SYD                 B738:3,B38M:1
NZ NZ ZK   2 AKL,CHC,WLG                 A320:2,A21N:1,AT76:2,B789:1
FJ FJ DQ   1 NAN                         B38M:1,A333:1
HY UZ UK   1 TAS                         A20N:2,B788:1
KC KZ UP   1 ALA,NQZ                     A20N:2,A321:1
J2 AZ 4K   1 GYD                         A320:2,B788:1
"""


def _carrier(line: str) -> Carrier:
    iata, country, prefix, weight, hubs, fleet = line.split()
    shares = (item.split(":") for item in fleet.split(","))
    return Carrier(
        iata=iata,
        country=country,
        prefix=prefix,
        weight=float(weight),
        hubs=tuple(hubs.split(",")),
        fleet=tuple((code, float(share)) for code, share in shares),
    )


CARRIERS = tuple(_carrier(line) for line in _LISTED.strip().splitlines())
"""All airlines that the simulator knows."""
