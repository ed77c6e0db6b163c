-- Every cost line by the names of FOCUS 1.2 and 1.3 beside those of 1.4, for queries that are written for these: the
-- provider of 1.2 is the service provider of 1.4, and the publisher, which the lake does not keep, is taken to be it too.
SELECT
    *,
    ServiceProviderName AS ProviderName,
    ServiceProviderName AS PublisherName
FROM cost_line
