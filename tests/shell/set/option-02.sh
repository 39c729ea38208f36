set -e
local x=$(false) 2>/dev/null || echo local
f() { local x=$(false); echo kept; }
f
export y=$(false); echo kept2
z=$(false); echo no
