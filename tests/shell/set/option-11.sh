set -f
echo *
set +f; touch q1 q2; echo q*
