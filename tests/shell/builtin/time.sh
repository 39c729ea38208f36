times | wc -l
time true 2>&1
{ time true; } 2>&1 | grep -c real
{ time -p true; } 2>&1 | sed 's/[0-9]/N/g'
TIMEFORMAT='%3lR %0U'; { time :; } 2>&1 | sed 's/[0-9]/N/g'
TIMEFORMAT=''; { time :; } 2>&1
TIMEFORMAT='%x'; time :; echo $?
unset TIMEFORMAT; { time ! true; } 2>&1 | wc -l; { time; } 2>&1 | wc -l; ! time false; echo $?
