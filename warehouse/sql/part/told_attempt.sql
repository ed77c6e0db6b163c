-- The attempts at jobs that each source tells of, each once and numbered in the order of their submission: a pod that
-- was made again under its name is another attempt. Of several tellings of one attempt the one that knows its end
-- counts. `followed` is when the next attempt at the job was submitted.
attempt_told AS (
    SELECT *, row_number() OVER (
        PARTITION BY x_SourceId, job_id, submitted, attempt
        ORDER BY ended DESC NULLS LAST, started DESC NULLS LAST, team NULLS LAST,
            x_FileId NULLS LAST, x_RecordNumber NULLS LAST
    ) AS rank
    FROM job_run
    WHERE job_id <> '' AND attempt IS NOT NULL
), told_attempt AS (
    SELECT
        *, coalesce(x_SourceId, '') AS source,
        row_number() OVER (PARTITION BY x_SourceId, job_id ORDER BY submitted, attempt) AS number,
        lead(submitted) OVER (PARTITION BY x_SourceId, job_id ORDER BY submitted, attempt) AS followed
    FROM attempt_told WHERE rank = 1
)
