"""The lake of facts: Iceberg tables, the commit module and the engines that load and ask."""
