-- The perpetual inventory, every day of it, valued at that day's unit cost. It is kept for the company as a whole,
-- so it lies with the company. Negative balances stay as they are: the rule not_negative counts them.
SELECT
    CAST(ProductKey AS VARCHAR) AS product,
    'adventureworks-cycle' AS unit,
    MovementDate AS date,
    UnitsBalance AS quantity,
    CAST(UnitCost * UnitsBalance AS DECIMAL(19, 4)) AS value
FROM FactProductInventory
