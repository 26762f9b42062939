-- Who does what is read from the activities (activities.csv). The vendor is outside, but hand-offs go through it.
SELECT * FROM (VALUES
    ('REQ', 'Requesting department', 'operations'),
    ('PUR', 'Purchasing', 'purchasing'),
    ('REC', 'Receiving of goods and services', 'logistics'),
    ('AP', 'Accounts payable', 'finance'),
    ('VEN', 'Vendor (outside)', 'other')
) d (department, name, function)
