"""The demo's people: students with names in many scripts, and the lab's staff. All invented."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from models import Role
from services.students import names

DOMAIN = "uni.example"
MISTYPED = "uin.example"  # where no mail arrives
NEWCOMERS = 330  # a year

_GIVEN_NAMES = (
    "Olivia Liam Emma Noah Ava Ethan Sophia Mason Isabella Lucas Mia Logan Amelia Aiden Harper Jack"
    " Grace Owen Zoe Caleb Nora Isaac Hannah Wyatt Chloe Dylan Ruby Xavier Naomi Theo Maya Felix"
    " Ingrid Søren Zoë Renée José Lucía Ángel Beatriz Thiago Inês Łukasz Agnieszka Jürgen Katharina"
    " Çağla Emre Nguyễn Thảo Siobhán Oisín Chidi Adaeze Kwame Ama Amara Tariq Leila Priya Arjun"
)
_FAMILY_NAMES = (
    "Smith Johnson Williams Brown Jones Davis Miller Wilson Moore Taylor Anderson Jackson White"
    " Harris Martin Thompson Robinson Clark Lewis Walker Hall Young King Wright Hill Green Baker"
    " Adams Nelson Carter García Martínez Rodríguez López Hernández Núñez Müller Schröder Weiß"
    " Kowalski Wiśniewska Nowák Dvořák Svensson Østergaard Papadopoulos Yılmaz Öztürk Trần Phạm"
    " O'Brien McCarthy Okafor Adeyemi Mensah Sow Haddad Rahman Patel Sharma Iyer Kim Chen Nakamura"
)
_GIVEN, _FAMILY = _GIVEN_NAMES.split(), _FAMILY_NAMES.split()
_OTHER_SCRIPTS = (
    "王小明", "李思雨", "陳大文", "张伟", "黃詩涵", "刘洋", "佐藤 さくら", "鈴木 健太", "田中 美咲",
    "高橋 翔", "김민수", "이서연", "박지훈", "최유진", "Анна Иванова", "Дмитрий Соколов",
    "Олена Шевченко", "Мария Петрова", "Игорь Кузнецов", "Γιώργος Παπαδάκης", "Ελένη Νικολάου",
    "محمد الأحمد", "فاطمة حسن", "يوسف خليل", "نور الدين", "דוד כהן", "נועה לוי", "अनिता शर्मा",
    "राहुल वर्मा", "प्रिया सिंह", "สมชาย ใจดี", "มาลี ศรีสุข", "Հայկ Պետրոսյան", "ნინო ბერიძე",
    "தமிழ் செல்வி", "অনিক রায়",
)  # fmt: skip

# By words of the discipline's name: how many of a hundred students, and the classes they are in.
_FIELDS = (
    ("landscape", 9, ("LARC 2210", "LARC 3420", "LA 4001")),
    ("interior", 9, ("INTD 2100", "INTD 3305", "ID 4410")),
    ("architect", 27, ("ARCH 2001", "ARCH 3002", "ARCH 4000", "ARCH 5110", "M.Arch thesis")),
    ("engineer", 26, ("ME 2410", "ENGR 1010", "ME 4830 Capstone", "BME 3300", "ECE 4900")),
    ("art", 14, ("ART 1120", "ART 3340 Sculpture", "ARTD 4100")),
    ("hobby", 9, ("N/A",)),
    ("", 6, ("N/A", "BIOL 2200", "CHEM 4410", "PHYS 3010", "MUS 2500")),
)


@dataclass(frozen=True)
class Student:
    """`keenness`: how often this one prints, against others."""

    name: str
    email: str
    discipline: str
    class_number: str
    keenness: float


@dataclass(frozen=True)
class Person:
    """Somebody of the lab. `since` and `until` are parts of the demo's time: 0 is its beginning."""

    name: str
    email: str
    role: Role
    since: float = 0.0
    until: float | None = None


STAFF = (
    Person("Marta Lindqvist", "admin@printdesk.example", Role.ADMIN),
    Person("Sam Okonkwo", "staff@printdesk.example", Role.STAFF),
    Person("Dr. Helen Brandt", "manager@printdesk.example", Role.MANAGER),
    Person("Priya Raman", "priya@printdesk.example", Role.STAFF),
    Person("Diego Álvarez", "diego@printdesk.example", Role.STAFF, until=0.62),
    Person("林 美玲", "meiling@printdesk.example", Role.STAFF, since=0.4),
    Person("Oksana Бондар", "oksana@printdesk.example", Role.STAFF, since=0.66),
)
SHOWN = STAFF[:3]  # whose sign-in is told at the start: one for each role


def share_of(discipline: str) -> int:
    """How many of a hundred students are of a discipline."""
    return _field(discipline)[1]


def students(seed: int, day: date, disciplines: tuple[str, ...]) -> dict[str, list[Student]]:
    """Who studies on a day, by discipline. They come in August, and stay for one to three years."""
    return _students_of(seed, day.year if day.month >= 8 else day.year - 1, disciplines)


@lru_cache
def _students_of(seed: int, year: int, disciplines: tuple[str, ...]) -> dict[str, list[Student]]:
    found: dict[str, list[Student]] = {discipline: [] for discipline in disciplines}
    for begun in (year, year - 1, year - 2):
        for student, years in _newcomers(seed, begun, disciplines):
            if begun + years > year:
                found[student.discipline].append(student)
    return found


@lru_cache
def _newcomers(seed: int, year: int, disciplines: tuple[str, ...]) -> list[tuple[Student, int]]:
    """Those who came in a year, and for how many years."""
    rng = random.Random(f"{seed}/newcomers/{year}")
    shares = [share_of(discipline) for discipline in disciplines]
    chosen: list[tuple[Student, int]] = []
    for number in range(NEWCOMERS):
        name = _name(rng)
        discipline = rng.choices(disciplines, shares)[0]
        student = Student(
            name=name,
            email=f"{_address(name)}{year % 100}{number:03d}@{DOMAIN}",
            discipline=discipline,
            class_number=rng.choice(_field(discipline)[2]),
            keenness=min(rng.paretovariate(1.8), 6.0),
        )
        chosen.append((student, rng.choice((1, 2, 2, 3, 3))))
    return chosen


def _name(rng: random.Random) -> str:
    if rng.random() < 0.14:
        return rng.choice(_OTHER_SCRIPTS)
    middle = f"{rng.choice('ABCDEFGJKLMRST')}. " if rng.random() < 0.06 else ""
    family = rng.choice(_FAMILY)
    if rng.random() < 0.04:
        family = f"{family}-{rng.choice(_FAMILY)}"
    return f"{rng.choice(_GIVEN)} {middle}{family}"


def _address(name: str) -> str:
    """As universities make them: the first letter and the last name, in ASCII."""
    words: Sequence[str] = name.split()
    return (names.person_slug(words[0])[:1] + names.person_slug(words[-1])).lower()[:12]


def _field(discipline: str) -> tuple[str, int, tuple[str, ...]]:
    name = discipline.lower()
    return next(field for field in _FIELDS if field[0] in name)
