-- The attempts at jobs that may have been at work in a window, each once and numbered in the order of their
-- submission: a pod that was made again under its name is another attempt. Of several tellings of one attempt the one
-- that knows its end counts; an attempt of which no end is known has ended when the next one was submitted. What was
-- submitted after the window says nothing of it.
-- $begin: TIMESTAMPTZ  begin of the window
-- $until: TIMESTAMPTZ  end of the window
WITH told AS (
    SELECT *, row_number() OVER (
        PARTITION BY job_id, submitted, attempt
        ORDER BY ended DESC NULLS LAST, started DESC NULLS LAST, team NULLS LAST,
            x_SourceId, x_FileId NULLS LAST, x_RecordNumber NULLS LAST
    ) AS rank
    FROM job_run
    WHERE job_id <> '' AND attempt IS NOT NULL AND coalesce(submitted, started) < $until
), numbered AS (
    SELECT
        *, row_number() OVER (PARTITION BY job_id ORDER BY submitted, attempt) AS number,
        lead(submitted) OVER (PARTITION BY job_id ORDER BY submitted, attempt) AS followed
    FROM told WHERE rank = 1
), lived AS (
    SELECT *, CASE WHEN ended IS NULL AND followed > coalesce(started, submitted) THEN followed ELSE ended END AS over_at
    FROM numbered
)
SELECT
    job_id, CAST(number AS INTEGER) AS attempt, nullif(workload_id, '') AS workload_id, user_name, team, project,
    accelerator_model, state, gpus, hosts, submitted, started, over_at AS ended, checkpoint_at
FROM lived
WHERE coalesce(started, submitted) < $until AND (over_at IS NULL OR over_at > $begin)
ORDER BY job_id, attempt
