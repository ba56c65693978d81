-- :jobs jobs spread over the last :days days, each with the history that the workflow would have
-- written. The same every time: the seed is set, and nothing runs in parallel.
SELECT setseed(0.42);

INSERT INTO staff (id, email, name, role, active, created_at, sessions_ended)
SELECT md5('staff' || n), 'staff' || n || '@lab.example', 'Person ' || n, 'staff', true, now(), 0
FROM generate_series(1, 8) AS n;

CREATE TEMP TABLE drawn AS
SELECT n,
    lpad(to_hex((CAST(n AS bigint) * 2654435761) % 4294967296), 8, '0')
        || left(md5('job' || n), 24) AS id,
    now() - interval '1 day' * (:days * (1 - n / CAST(:jobs AS float8)))
        - interval '1 hour' * random() AS created_at,
    random() AS fate, random() AS r1, random() AS r2, random() AS r3, random() AS r4,
    random() AS r5, random() AS r6, random() AS r7
FROM generate_series(1, :jobs) AS n;

-- 12 % are rejected, 5 % never confirmed, 3 % never collected, 6 % fail once.
CREATE TEMP TABLE history AS
SELECT *, greatest(finished + interval '1 hour', ready_for) AS picked
FROM (
    SELECT *, started + interval '1 hour' * (1 + 6 * r5 * r5) AS finished
    FROM (
        SELECT *,
            fate < 0.12 AS rejected,
            fate >= 0.12 AND fate < 0.17 AS unconfirmed,
            fate >= 0.17 AND fate < 0.20 AS uncollected,
            fate >= 0.20 AND fate < 0.26 AS failed,
            (ARRAY['prusa_mk4s', 'prusa_mk4s', 'prusa_xl', 'raise3d_pro2plus', 'formlabs_form3'])
                [1 + CAST(floor(r1 * 5) AS integer)] AS printer,
            md5('staff' || (1 + CAST(floor(r2 * 8) AS integer))) AS person,
            created_at + interval '1 hour' * (1 + 30 * r3) AS reviewed,
            created_at + interval '1 hour' * (2 + 40 * r3) AS decided,
            created_at + interval '1 hour' * (4 + 60 * r3) AS confirmed,
            created_at + interval '1 hour' * greatest(4 + 60 * r3, 6 + 90 * r4) AS started,
            created_at + interval '1 hour' * (20 + 90 * r4 + 200 * r6) AS ready_for,
            CAST(round(CAST(5 + 120 * r5 AS numeric), 1) AS float8) AS weight,
            CAST(greatest(300, 50 + 1200 * r5) AS bigint) AS cents
        FROM drawn
    ) AS begun
) AS printed;

ALTER TABLE history ADD status text;

UPDATE history SET status = CASE
    WHEN decided > now() THEN 'UPLOADED'
    WHEN rejected THEN CASE WHEN decided < now() - interval '90 days' THEN 'ARCHIVED' ELSE 'REJECTED' END
    WHEN unconfirmed OR confirmed > now() THEN 'PENDING'
    WHEN started > now() THEN 'READYTOPRINT'
    WHEN finished > now() THEN 'PRINTING'
    WHEN uncollected OR picked > now() THEN 'COMPLETED'
    WHEN picked < now() - interval '90 days' THEN 'ARCHIVED'
    ELSE 'PAIDPICKEDUP' END;

INSERT INTO jobs (
    id, short_id, student_name, student_email, discipline, class_number, original_filename,
    original_name, display_name, folder, file_hash, file_size, model, thumbnail, status,
    status_changed_at, printer, color, material, weight_g, time_hours, cost_cents,
    acknowledged_minimum_charge, student_confirmed, student_confirmed_at, confirmation_expires_at,
    is_confirmation_expired, reject_reasons, staff_viewed_at, created_at, updated_at
)
SELECT id, left(id, 8), 'Student ' || n % 9000, 'student' || n % 9000 || '@uni.example',
    (ARRAY['Art', 'Architecture', 'Landscape Architecture', 'Interior Design', 'Engineering',
        'Hobby/Personal', 'Other'])[1 + CAST(floor(r7 * 7) AS integer)],
    'ARCH ' || 1000 + CAST(floor(r6 * 40) AS integer) * 100, 'model' || n || '.stl',
    'Student_' || left(id, 8) || '.stl', 'Student_' || left(id, 8) || '.stl',
    'Archived/Student_Filament_TrueRed_' || left(id, 8), md5(id) || md5(id), 684000,
    jsonb_build_object(
        'state', 'ok', 'error', NULL, 'triangles', 84312, 'size_mm', jsonb_build_array(120.5, 84, 40),
        'volume_cm3', 51.2345, 'surface_cm2', 312.123, 'bodies', 1, 'open_edges', 0, 'holes', 0,
        'overshared_edges', 0, 'flipped_edges', 0, 'degenerate_triangles', 0, 'watertight', true,
        'units', jsonb_build_object('declared', NULL, 'guessed', NULL, 'reason', NULL),
        'fits', jsonb_build_object('prusa_mk4s', 'yes', 'prusa_xl', 'yes', 'raise3d_pro2plus', 'yes'),
        'estimate_g', jsonb_build_array(20.5, 40.25), 'estimate_cents', jsonb_build_array(300, 402),
        'checker', '1.abcdef01',
        'warnings', CASE WHEN r1 < 0.25 THEN jsonb_build_array(jsonb_build_object(
            'code', CASE WHEN r1 < 0.14 THEN 'open_edges' WHEN r1 < 0.2 THEN 'too_large' ELSE 'units' END,
            'text', repeat('The surface is not closed; ask the student for a closed model. ', 3)
        )) ELSE '[]' END
    ),
    jsonb_build_object('state', 'ok', 'version', '1.0'),
    status,
    CASE status
        WHEN 'UPLOADED' THEN created_at WHEN 'PENDING' THEN decided WHEN 'REJECTED' THEN decided
        WHEN 'READYTOPRINT' THEN confirmed WHEN 'PRINTING' THEN started
        WHEN 'COMPLETED' THEN finished WHEN 'PAIDPICKEDUP' THEN picked
        ELSE CASE WHEN rejected THEN decided ELSE picked END + interval '90 days' END,
    printer,
    CASE WHEN printer = 'formlabs_form3' THEN 'Gray' ELSE (ARRAY['True Red', 'Blue', 'Green', 'Gray',
        'True Black', 'True White'])[1 + CAST(floor(r3 * 6) AS integer)] END,
    CASE WHEN printer = 'formlabs_form3' THEN 'Resin' ELSE 'Filament' END,
    CASE WHEN priced THEN weight END, CASE WHEN priced THEN 3.5 END, CASE WHEN priced THEN cents END,
    true, is_confirmed, CASE WHEN is_confirmed THEN confirmed END,
    CASE WHEN priced THEN decided + interval '72 hours' END,
    status = 'PENDING' AND decided < now() - interval '72 hours',
    CASE WHEN rejected AND decided < now() THEN '["Model is not manifold"]'::jsonb END,
    CASE WHEN reviewed < now() THEN reviewed END, created_at, created_at
FROM (
    SELECT *, NOT rejected AND decided < now() AS priced,
        NOT rejected AND NOT unconfirmed AND confirmed < now() AS is_confirmed
    FROM history
) AS known;

INSERT INTO events (job_id, timestamp, event_type, details, triggered_by, user_name)
SELECT job_id, at, kind, details, person, 'Somebody' FROM (
    SELECT id AS job_id, created_at AS at, 0 AS place, 'JobCreated' AS kind,
        jsonb_build_object('file', 'model' || n || '.stl', 'new_status', 'UPLOADED') AS details,
        'student' AS person
    FROM history
    UNION ALL SELECT id, created_at + interval '5 seconds', 1, 'ModelChecked', '{"result": "ok"}',
        'system' FROM history
    UNION ALL SELECT id, created_at + interval '9 seconds', 1, 'EmailSent',
        '{"kind": "received", "to": "student@uni.example"}', 'system' FROM history
    UNION ALL SELECT id, reviewed, 1, 'Reviewed', '{}', person FROM history WHERE r4 < 0.6
    UNION ALL SELECT id, decided, 2, 'StaffRejected', jsonb_build_object(
            'old_status', 'UPLOADED', 'new_status', 'REJECTED', 'reasons', CASE
                WHEN r5 < 0.4 THEN '["Model is not manifold"]'::jsonb
                WHEN r5 < 0.7 THEN '["Walls are too thin to print", "Scale or units are wrong"]'
                ELSE jsonb_build_array('Its own reason ' || n % 97) END
        ), person FROM history WHERE rejected
    UNION ALL SELECT id, decided, 2, 'StaffApproved', jsonb_build_object(
            'old_status', 'UPLOADED', 'new_status', 'PENDING', 'weight_g', weight,
            'time_hours', 3.5, 'cost_cents', cents, 'printer', printer, 'file', 'x.gcode'
        ), person FROM history WHERE NOT rejected
    UNION ALL SELECT id, decided + interval '4 seconds', 3, 'EmailSent',
        '{"kind": "approval", "to": "student@uni.example"}', 'system' FROM history
    UNION ALL SELECT id, confirmed, 4, 'StudentConfirmed',
        '{"old_status": "PENDING", "new_status": "READYTOPRINT"}', 'student'
        FROM history WHERE NOT rejected AND NOT unconfirmed
    UNION ALL SELECT id, started, 5, 'PrintStarted',
        '{"old_status": "READYTOPRINT", "new_status": "PRINTING", "printer": "prusa_xl"}', person
        FROM history WHERE failed
    UNION ALL SELECT id, started + interval '5 minutes', 6, 'PrintFailed', '{"old_status": "PRINTING",
        "new_status": "READYTOPRINT", "reason": "Filament tangle"}', person FROM history WHERE failed
    UNION ALL SELECT id, started + interval '5 minutes', 7, 'AdminAction', '{"old_status": "PRINTING",
        "new_status": "READYTOPRINT", "reason": "Filament tangle", "action": "mark-failed",
        "override": true}', person FROM history WHERE failed
    UNION ALL SELECT id, started + interval '10 minutes', 8, 'PrintStarted',
        '{"old_status": "READYTOPRINT", "new_status": "PRINTING", "printer": "prusa_xl"}', person
        FROM history WHERE NOT rejected AND NOT unconfirmed
    UNION ALL SELECT id, finished, 9, 'PrintCompleted',
        '{"old_status": "PRINTING", "new_status": "COMPLETED", "printer": "prusa_xl"}', person
        FROM history WHERE NOT rejected AND NOT unconfirmed
    UNION ALL SELECT id, finished + interval '4 seconds', 10, 'EmailSent',
        '{"kind": "completion", "to": "student@uni.example"}', 'system'
        FROM history WHERE NOT rejected AND NOT unconfirmed
    UNION ALL SELECT id, picked, 11, 'PickedUp',
        '{"old_status": "COMPLETED", "new_status": "PAIDPICKEDUP"}', person
        FROM history WHERE NOT rejected AND NOT unconfirmed AND NOT uncollected
    UNION ALL SELECT id, CASE WHEN rejected THEN decided ELSE picked END + interval '90 days', 12,
        'JobArchived', jsonb_build_object(
            'old_status', CASE WHEN rejected THEN 'REJECTED' ELSE 'PAIDPICKEDUP' END,
            'new_status', 'ARCHIVED'
        ), md5('staff1') FROM history WHERE status = 'ARCHIVED'
) AS happened
WHERE at < now() ORDER BY at, place;

INSERT INTO print_runs (
    job_id, printer, started_at, ended_at, outcome, operator_id, operator_name, reason
)
SELECT id, printer, started, started + interval '5 minutes', 'failed', person, 'Somebody',
    (ARRAY['Filament tangle', 'Bed adhesion', 'Power cut'])[1 + CAST(floor(r7 * 3) AS integer)]
FROM history WHERE failed AND started + interval '5 minutes' < now()
UNION ALL
SELECT id, printer, started + interval '10 minutes',
    CASE WHEN finished < now() THEN finished END, CASE WHEN finished < now() THEN 'completed' END,
    person, 'Somebody', NULL
FROM history
WHERE NOT rejected AND NOT unconfirmed AND started + interval '10 minutes' < now()
ORDER BY 3;
