-- Which pool a machine was in, and when: by the provider's ResourceId, by host, by GPU; with the
-- machine's host (its ResourceId where it has no host name) and accelerators.
-- Where facts overlap the later one holds from its beginning on, so that at any moment a machine
-- is in one pool at most. `reach` is the end of the time before: a charge that began while the
-- machine was not there yet belongs to the first time that follows.
machine_gpu AS (
    SELECT
        unnest(string_split(translate(gpu_uuids, '[]"', ''), ',')) AS uuid,
        coalesce(host, resource_id) AS machine_host, accelerator_model, accelerator_count,
        pool, valid_from, valid_to, x_SourceId, x_FileId, x_RecordNumber
    FROM node
), machine_named AS (
    SELECT
        'resource' AS kind, resource_id AS name,
        coalesce(host, resource_id) AS machine_host, accelerator_model, accelerator_count,
        pool, valid_from, valid_to, x_SourceId, x_FileId, x_RecordNumber
    FROM node
    UNION ALL
    SELECT
        'host' AS kind, host AS name,
        coalesce(host, resource_id) AS machine_host, accelerator_model, accelerator_count,
        pool, valid_from, valid_to, x_SourceId, x_FileId, x_RecordNumber
    FROM node
    UNION ALL
    SELECT
        'gpu' AS kind, trim(uuid) AS name, machine_host, accelerator_model, accelerator_count,
        pool, valid_from, valid_to, x_SourceId, x_FileId, x_RecordNumber
    FROM machine_gpu
), machine_known AS (
    SELECT
        kind, name, pool, machine_host, accelerator_model, accelerator_count, x_SourceId, x_FileId, x_RecordNumber,
        coalesce(valid_from, TIMESTAMPTZ '0001-01-01 00:00:00+00') AS begins,
        coalesce(valid_to, TIMESTAMPTZ '9999-12-31 00:00:00+00') AS ends
    FROM machine_named WHERE name <> ''
), machine_in_order AS (
    SELECT
        kind, name, pool, machine_host, accelerator_model, accelerator_count, begins,
        greatest(ends, begins) AS ends,
        row_number() OVER (
            PARTITION BY kind, name ORDER BY begins, x_SourceId, x_FileId, x_RecordNumber
        ) AS place
    FROM machine_known
), machine_cut AS (
    SELECT
        kind, name, pool, machine_host, accelerator_model, accelerator_count, place, begins, least(
            ends, coalesce(lead(begins) OVER (PARTITION BY kind, name ORDER BY place), ends)
        ) AS ends
    FROM machine_in_order
), machine AS (
    SELECT
        kind, name, pool, machine_host, accelerator_model, accelerator_count, begins, ends, coalesce(
            lag(ends) OVER (PARTITION BY kind, name ORDER BY place),
            TIMESTAMPTZ '0001-01-01 00:00:00+00'
        ) AS reach
    FROM machine_cut
)
