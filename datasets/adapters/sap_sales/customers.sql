-- All partners buy, whatever their role (1 or 2) says. The segment is the country.
SELECT
    p.PARTNERID AS customer,
    p.COMPANYNAME AS name,
    CASE a.COUNTRY
        WHEN 'US' THEN 'United States'
        WHEN 'CA' THEN 'Canada'
        WHEN 'DE' THEN 'Germany'
        WHEN 'GB' THEN 'United Kingdom'
        WHEN 'AU' THEN 'Australia'
        WHEN 'IN' THEN 'India'
        WHEN 'DU' THEN 'Dubai'
        WHEN 'FR' THEN 'France'
        ELSE a.COUNTRY
    END AS segment
FROM BusinessPartners p
LEFT JOIN Addresses a ON a.ADDRESSID = p.ADDRESSID
ORDER BY customer
