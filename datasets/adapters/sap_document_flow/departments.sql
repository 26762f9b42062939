-- Who works on a kind of document is our reading; events.sql says which kind goes where.
SELECT *
FROM (
    VALUES
        ('sales', 'Sales', 'sales'),
        ('purchasing', 'Purchasing', 'purchasing'),
        ('shipping', 'Shipping', 'logistics'),
        ('warehouse', 'Warehouse', 'logistics'),
        ('billing', 'Billing', 'finance')
) AS d (department, name, function)
