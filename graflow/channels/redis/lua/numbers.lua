-- Sums as Python has them, where the doubles of Lua are enough for that.

local INT = '^%-?%d+$'
local NUMBER = '^%-?%d+%.?%d*[eE]?[+-]?%d*$'

-- The shortest of the texts with 15 to 17 digits that stands for this very double.
local function float_text(number)
  local text
  for digits = 15, 17 do
    text = string.format('%.' .. digits .. 'g', number)
    if tonumber(text) == number then
      break
    end
  end
  return string.find(text, '[.e]') and text or text .. '.0'
end

-- Return the text of the sum of a number's text and an amount, of which one at least is a float;
-- nil if it is not finite, or the text is none of a number.
local function float_sum(text, amount)
  if string.find(text, NUMBER) then
    local total = tonumber(text) + tonumber(amount)
    return total - total == 0 and float_text(total) or nil
  end
end
