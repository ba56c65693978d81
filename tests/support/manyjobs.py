"""The jobs of bench/console.py: believable, always the same, and filled in by SQL."""

import json
from pathlib import Path
from typing import Any

from models import STATUS_FOLDERS
from services.checks import results, thumbnails
from tests.support.servers import connect


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    """Ada Grace Alan Edsger Barbara Margaret Katherine Donald Niklaus Zoë Åsa Jürgen José Chloë
    Søren Łukasz Mei Wei Hiroshi Yuki Olga Иван Наталья Δημήτρης Ahmed Fatima David Sarah Michael
    Emily Daniel Jessica Matthew Ashley Andrew Amanda Joshua Jennifer Ryan Nicole Tyler Laura Kevin
    Rachel Brian Megan Eric Anna Adam Maria Jason Lena Aaron Ivy Mark Ruth Paul Rosa Luke 明"""
)
LAST = _words(
    """Lovelace Hopper Turing Dijkstra Liskov Hamilton Johnson Knuth Wirth Ångström Nguyễn Müller
    García Smith Brown Williams Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson
    Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott
    Torres Hill Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Петров
    Παπαδόπουλος Li Wang Tanaka Suzuki Kim Park Singh Kumar Rossi Silva Novak Horvat Petersen Hansen
    Larsen Virtanen Kowalski Dubois Moreau Bernard Fischer Weber Schmidt Wagner Becker Hoffmann Koch
    Richter Wolf Bauer Klein Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner
    Krause Lehmann Maier Köhler König 王"""
)
PARTS = _words(
    """bracket gear housing flange adapter spacer wheel frame holder cover knob hinge clip stand
    mount impeller propeller vase bust skull bridge facade column truss prototype casing lid tray
    nozzle manifold phone-case keychain chess-knight rocket-fin drone-arm camera-mount cable-guide
    hook lamp-shade planter puzzle-box"""
)
# Of fifteen active jobs; each status has more than a page of them, also in a small lab.
ACTIVE = _words(
    """UPLOADED UPLOADED UPLOADED PENDING PENDING READYTOPRINT READYTOPRINT PRINTING PRINTING
    COMPLETED COMPLETED PAIDPICKEDUP PAIDPICKEDUP REJECTED REJECTED"""
)
# Jobs that are as many in a small lab as in a large one: somebody with a few, and a class with more
# than a page of them.
SOMEBODY = {"student_name": "Xaver Quandt", "original_filename": "xq frame.stl"}
SOMEBODYS = {"UPLOADED": 4, "ARCHIVED": 12}
CLASS, CLASS_SIZE = {"class_number": "ROBO 7777"}, 80
PICTURES = 50  # the first page's

MODEL = {
    **{"state": "ok", "error": None, "triangles": 48_212, "size_mm": [82.1, 40.2, 12.0]},
    **{"volume_cm3": 14.2, "surface_cm2": 102.1, "bodies": 1, "open_edges": 0, "watertight": True},
    **{"overshared_edges": 0, "flipped_edges": 0, "degenerate_triangles": 0},
    "units": {"declared": None, "guessed": "mm", "reason": "It fits the printers that way."},
    "fits": {"prusa_mk4s": "yes", "prusa_xl": "yes", "raise3d_pro2plus": "yes"},
    **{"estimate_g": [12.1, 22.0], "estimate_cents": [300, 300], "warnings": []},
    "checker": results.checker(),
}
THUMBNAIL = {"state": "ok", "hash": "1a2b3c4d", "version": thumbnails.VERSION}

# A short id is 32 bits: counting by an odd number visits each value once.
FILL = """
INSERT INTO jobs (
    id, short_id, student_name, student_email, discipline, class_number, original_filename,
    original_name, display_name, folder, file_hash, file_size, model, thumbnail, status,
    status_changed_at, printer, color, material, weight_g, time_hours, cost_cents,
    acknowledged_minimum_charge, student_confirmed, student_confirmed_at, confirmation_expires_at,
    is_confirmation_expired, reject_reasons, staff_viewed_at, notes, created_at, updated_at
)
SELECT
    id, left(id, 8), first || ' ' || last, lower(first || '.' || last) || n % 7 || '@uni.example',
    (ARRAY['Engineering', 'Art', 'Architecture', 'Other'])[1 + n % 4], class,
    part || ' v' || n % 9 || '.stl', stem || '.stl', stem || '.stl',
    CAST(%(folders)s AS jsonb) ->> status || '/' || stem, md5(n::text) || md5(id), 684 + n,
    %(model)s, %(thumbnail)s, status, at, printer, color, material, 40 + n % 50, 3.5, 425,
    true, status IN ('READYTOPRINT', 'PRINTING', 'COMPLETED', 'PAIDPICKEDUP', 'ARCHIVED'), at,
    at + interval '3 days', false,
    CASE status WHEN 'REJECTED' THEN '["Walls are too thin to print"]'::jsonb END,
    CASE WHEN status <> 'UPLOADED' OR n % 3 = 0 THEN at END,
    CASE n % 10 WHEN 0 THEN 'Print with supports.' END, at, at + interval '3 days' * random()
FROM (
    SELECT *, concat_ws('_', first || last, material, replace(color, ' ', ''), left(id, 8)) AS stem
    FROM (
        SELECT
            n, now() - interval '5 minutes' * (%(jobs)s - n) AS at,
            lpad(to_hex(n * 2654435761 %% 4294967296), 8, '0') || substr(md5(n::text), 9) AS id,
            (CAST(%(first)s AS text[]))[1 + floor(random() * %(firsts)s)::int] AS first,
            (CAST(%(last)s AS text[]))[1 + floor(random() * %(lasts)s)::int] AS last,
            (CAST(%(part)s AS text[]))[1 + floor(random() * %(parts)s)::int] AS part,
            (ARRAY['ARCH', 'ENGR', 'ARTS', 'COMP', 'BIOL'])[1 + n %% 5]
                || ' ' || 1000 + 100 * (n / 5 %% 40) AS class,
            (ARRAY['prusa_mk4s', 'prusa_xl', 'raise3d_pro2plus', 'formlabs_form3'])[1 + n %% 4]
                AS printer,
            (ARRAY['True Red', 'Black', 'White', 'Gray'])[1 + n %% 4] AS color,
            CASE n %% 4 WHEN 3 THEN 'Resin' ELSE 'Filament' END AS material,
            CASE WHEN n <= %(jobs)s - %(active)s THEN 'ARCHIVED'
                ELSE (CAST(%(statuses)s AS text[]))[1 + n %% 15] END AS status
        FROM generate_series(1, CAST(%(jobs)s AS bigint)) AS n
    ) AS made
) AS named
"""


def fill(database_url: str, jobs: int, active: int) -> None:
    """Makes so many jobs, the last of them active. The table is as it would be after a night."""
    values = {
        **{"jobs": jobs, "active": active, "statuses": ACTIVE},
        **{"first": FIRST, "last": LAST, "part": PARTS},
        **{"firsts": len(FIRST), "lasts": len(LAST), "parts": len(PARTS)},
        **{"model": json.dumps(MODEL), "thumbnail": json.dumps(THUMBNAIL)},
        "folders": json.dumps(STATUS_FOLDERS),
    }
    with connect(database_url) as connection:
        connection.execute("SELECT setseed(0.42)")
        connection.execute(FILL.replace(" % ", " %% ").encode(), values)
        for status, number in SOMEBODYS.items():
            _rename(connection, status, number, SOMEBODY)
        _rename(connection, "ARCHIVED", CLASS_SIZE, CLASS)
        connection.execute("VACUUM (ANALYZE)")


def _rename(connection: Any, status: str, number: int, values: dict[str, str]) -> None:
    """Jobs here and there in the status get these values."""
    chosen = "SELECT id FROM jobs WHERE status = %s ORDER BY md5(id) LIMIT %s"
    setting = ", ".join(f"{name} = %s" for name in values)
    update = f"UPDATE jobs SET {setting} WHERE id IN ({chosen})"
    connection.execute(update.encode(), [*values.values(), status, number])


def put_pictures(database_url: str, storage: Path, picture: bytes) -> None:
    """The small picture of each job on the first page."""
    with connect(database_url) as connection:
        first = "SELECT folder FROM jobs WHERE status = 'UPLOADED' ORDER BY created_at, id LIMIT %s"
        for (folder,) in connection.execute(first, [PICTURES]).fetchall():
            (storage / str(folder)).mkdir(parents=True)
            (storage / str(folder) / thumbnails.SMALL).write_bytes(picture)


def change_one(database_url: str) -> None:
    """What somebody does in the meantime: a job was looked at."""
    with connect(database_url) as connection:
        connection.execute(
            "UPDATE jobs SET staff_viewed_at = now(), updated_at = now() WHERE id ="
            " (SELECT id FROM jobs WHERE status = 'UPLOADED' ORDER BY updated_at LIMIT 1)"
        )
