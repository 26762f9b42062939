-- One row a step, in UTC as the log has it. What the vendor dated before the company's own first step or after its
-- last one is left out (events.rejected.sql).
-- The log names nobody: the department is the one that usually does what the activity says. An activity that is
-- not listed keeps no department, and then no hand-off is counted with it.
-- Receipts and service entry sheets are both the receiver's: the system writes one with the other, in one minute.
WITH timed AS (
    SELECT *, "concept:name" LIKE 'Vendor creates %' AS by_vendor, CAST("time:timestamp" AS TIMESTAMP) AS time
    FROM Event
),
span AS (
    SELECT MIN(time) AS first, MAX(time) AS last FROM timed WHERE NOT by_vendor
)
SELECT
    t."case",
    t.step,
    'company' AS unit,
    t."concept:name" AS activity,
    CASE
        WHEN by_vendor THEN 'VEN'
        WHEN activity LIKE 'SRM: %' THEN 'REQ'
        WHEN activity IN ('Create Purchase Requisition Item', 'Release Purchase Requisition') THEN 'REQ'
        WHEN activity IN (
            'Record Goods Receipt', 'Cancel Goods Receipt', 'Record Service Entry Sheet', 'Change Storage Location'
        ) THEN 'REC'
        WHEN activity IN (
            'Record Invoice Receipt', 'Cancel Invoice Receipt', 'Record Subsequent Invoice',
            'Cancel Subsequent Invoice', 'Set Payment Block', 'Remove Payment Block', 'Clear Invoice',
            'Change Final Invoice Indicator'
        ) THEN 'AP'
        WHEN activity IN (
            'Create Purchase Order Item', 'Release Purchase Order', 'Change Approval for Purchase Order',
            'Change Quantity', 'Change Price', 'Change Currency', 'Change Delivery Indicator', 'Change payment term',
            'Change Rejection Indicator', 'Delete Purchase Order Item', 'Reactivate Purchase Order Item',
            'Block Purchase Order Item', 'Receive Order Confirmation', 'Update Order Confirmation'
        ) THEN 'PUR'
    END AS department,
    t.time
FROM timed t, span s
WHERE NOT by_vendor OR t.time BETWEEN s.first AND s.last
ORDER BY t."case", CAST(t.step AS BIGINT)
