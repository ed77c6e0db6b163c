-- The kinds of charges of one period, told apart only by what the rules of a policy look at.
-- $period: VARCHAR  billing period, YYYY-MM
-- $properties: VARCHAR[]  properties that a rule looks at; the others are NULL
-- $tag_paths: VARCHAR[]  JSON paths of the tags that a rule looks at; `tag_values` lists their values
-- periods $period
-- input machine(kind VARCHAR, name VARCHAR, pool VARCHAR, machine_host VARCHAR, accelerator_model VARCHAR, accelerator_count INTEGER, begins TIMESTAMPTZ, ends TIMESTAMPTZ, reach TIMESTAMPTZ)  answer of machine_times
-- with charge
SELECT DISTINCT
    provider, billing_account, sub_account, service, resource, pool, charge_category,
    commitment_status, commitment, reservation, tag_values
FROM charge
