x=$(exit 3); echo $?
x=$(exit 3) y=$(true); echo $?
local_test() { local x=$(exit 4); echo $?; x=$(exit 5); echo $?; }
local_test
export e=$(false); echo $?
a=($(exit 6)); echo $?
$(exit 7); echo $?
: $(exit 8); echo $?
