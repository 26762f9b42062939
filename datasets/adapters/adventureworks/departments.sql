-- Only names: the contract's balances are by account and unit, so no money is split by department.
SELECT
    REPLACE(LOWER(DepartmentGroupName), ' ', '-') AS department,
    DepartmentGroupName AS name,
    CASE DepartmentGroupName
        WHEN 'Corporate' THEN 'management'
        WHEN 'Executive General and Administration' THEN 'management'
        WHEN 'Inventory Management' THEN 'logistics'
        WHEN 'Manufacturing' THEN 'operations'
        WHEN 'Quality Assurance' THEN 'quality'
        WHEN 'Research and Development' THEN 'engineering'
        WHEN 'Sales and Marketing' THEN 'sales'
        ELSE 'other'
    END AS function
FROM DimDepartmentGroup
ORDER BY department
