-- Whose job each of `placed` is about. Job ids are those of one source: where several know an id, the row's job is
-- that of the source which had an attempt at work then, on no known hosts or on this one; of several such sources the
-- one that names the host. Where that leaves more than one, or none, nobody guesses: `job_source` is not known.
-- `job` tells the team and project of a job by its newest attempt that knows a team.
job_in_order AS (
    SELECT
        coalesce(x_SourceId, '') AS source, job_id, team, project, row_number() OVER (
            PARTITION BY x_SourceId, job_id ORDER BY CASE WHEN team IS NULL THEN 1 ELSE 0 END,
                submitted DESC NULLS LAST, attempt DESC NULLS LAST, team, project NULLS LAST
        ) AS rank
    FROM job_run WHERE job_id <> ''
), job AS (
    SELECT source, job_id, team, project FROM job_in_order WHERE rank = 1
), known_job AS (
    SELECT job_id, count(*) AS sources, min(source) AS source FROM job GROUP BY job_id
), asked_job AS (
    SELECT DISTINCT placed.hour, placed.host, placed.told_host, placed.claim
    FROM placed JOIN known_job ON known_job.job_id = placed.claim AND known_job.sources > 1
), found_job AS (
    SELECT
        asked_job.hour, asked_job.host, asked_job.told_host, asked_job.claim, at_work.source,
        max(CASE WHEN list_contains(at_work.hosts, '') THEN 0 ELSE 1 END) AS here
    FROM asked_job JOIN (
        SELECT
            source, job_id, started, coalesce(ended, followed) AS over_at,
            string_split(CASE WHEN hosts LIKE '[%' THEN translate(hosts, '[]" ', '') ELSE '' END, ',') AS hosts
        FROM told_attempt
    ) AS at_work
        ON at_work.job_id = asked_job.claim AND at_work.started < asked_job.hour + INTERVAL 1 HOUR
        AND (at_work.over_at IS NULL OR at_work.over_at > asked_job.hour)
    WHERE list_contains(at_work.hosts, asked_job.host)
        OR list_contains(at_work.hosts, asked_job.told_host) OR list_contains(at_work.hosts, '')
    GROUP BY asked_job.hour, asked_job.host, asked_job.told_host, asked_job.claim, at_work.source
), nearest_job AS (
    SELECT *, max(here) OVER (PARTITION BY hour, host, told_host, claim) AS nearest FROM found_job
), only_job AS (
    SELECT hour, host, told_host, claim, min(source) AS source FROM nearest_job WHERE here = nearest
    GROUP BY hour, host, told_host, claim HAVING count(*) = 1
), claimed AS (
    SELECT
        placed.*, coalesce(placed.told_job, known_job.job_id) AS job_id,
        CASE WHEN known_job.sources = 1 THEN known_job.source ELSE only_job.source END AS job_source,
        CASE WHEN known_job.sources > 1 AND only_job.source IS NULL THEN 1 ELSE 0 END AS disputed
    FROM placed
    LEFT JOIN known_job ON known_job.job_id = placed.claim
    LEFT JOIN only_job ON only_job.claim = placed.claim AND only_job.hour = placed.hour
        AND only_job.host = placed.host AND only_job.told_host = placed.told_host
)
