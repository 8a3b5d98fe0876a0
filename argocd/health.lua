-- Health of a Vault, an AccessPolicy or a SecretRef for Argo CD, by the conditions that docs/conditions.md explains.
-- docs/gitops.md says how to install it. Argo CD gives the object as `obj`, and takes the table that is returned.

local metadata, status = obj.metadata, obj.status or {}

if metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "The object is being deleted." }
end

-- Until the operator has seen an object this is -1, and after an edit it is the generation before.
if status.observedGeneration ~= metadata.generation then
  return { status = "Progressing", message = "The operator has not seen this spec yet." }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function verdict(status, condition)
  return { status = status, message = condition.reason .. ": " .. condition.message }
end

local function is_true(condition)
  return condition ~= nil and condition.status == "True"
end

-- A paused vault is stalled too: it goes on only when someone edits its spec, as it was asked to.
if is_true(conditions.Paused) then
  return verdict("Suspended", conditions.Paused)
end
if is_true(conditions.Stalled) then
  return verdict("Degraded", conditions.Stalled)
end
if is_true(conditions.Ready) and not is_true(conditions.Reconciling) then
  return verdict("Healthy", conditions.Ready)
end
if conditions.Ready ~= nil then
  return verdict("Progressing", conditions.Ready)
end
return { status = "Progressing", message = "The operator has not said yet whether the object is ready." }
