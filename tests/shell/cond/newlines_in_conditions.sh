[[ a &&
   b ||
   c ]] && echo 1
[[
  ( a == a ||
    "" == x
  )
]] && echo 2
[[ ! 
   "" ]] && echo 3
[[ a == a # comment
]] && echo 4
